# SPDX-License-Identifier: Apache-2.0
"""Images made by hand, byte by byte where it must be: OCI layouts and archives of docker save."""
import gzip
import hashlib
import io
import json
import os
import pathlib
import shutil
import tarfile

LAYER = 'application/vnd.oci.image.layer.v1.tar'
MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
INDEX = 'application/vnd.oci.image.index.v1+json'
CONFIG = 'application/vnd.oci.image.config.v1+json'
BUSYBOX = '/bin/busybox'


def digest(data):
    return 'sha256:' + hashlib.sha256(data).hexdigest()


def entry(name, data=b'', kind=tarfile.REGTYPE, mode=0o644, link='', uid=0, gid=0, pax=None, device=(0, 0)):
    info = tarfile.TarInfo(name)
    info.type, info.mode, info.linkname, info.uid, info.gid, info.mtime = kind, mode, link, uid, gid, 1600000000
    info.size = len(data) if kind == tarfile.REGTYPE else 0
    info.pax_headers = pax or {}
    info.devmajor, info.devminor = device
    return info, data


def folder(name, mode=0o755, **more):
    return entry(name, kind=tarfile.DIRTYPE, mode=mode, **more)


def symlink(name, target):
    return entry(name, kind=tarfile.SYMTYPE, mode=0o777, link=target)


def hardlink(name, target):
    return entry(name, kind=tarfile.LNKTYPE, link=target)


def tar(entries):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode='w', format=tarfile.PAX_FORMAT) as archive:
        for info, data in entries:
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def busybox(applets=('sh', 'cat', 'ls', 'id', 'pwd', 'env', 'echo', 'true', 'stat', 'find', 'wc', 'touch', 'sleep', 'kill')):
    """The least that runs: a static program under many names, and the folders it expects."""
    program = pathlib.Path(BUSYBOX).read_bytes()
    entries = [folder(d) for d in ('./', 'bin', 'etc', 'dev', 'proc', 'sys', 'run', 'var', 'home')]
    entries += [folder('tmp', 0o1777), entry('bin/busybox', program, mode=0o755)]
    entries += [symlink('bin/' + a, 'busybox') for a in applets]
    entries += [entry('etc/passwd', b'root:x:0:0::/:/bin/sh\napp:x:1234:4321::/home:/bin/sh\n'),
                entry('etc/group', b'root:x:0:\nstaff:x:50:\n')]
    return entries


class Layout:
    """An OCI layout in a folder. Every part can be replaced before it is written."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        shutil.rmtree(self.path, ignore_errors=True)
        (self.path / 'blobs/sha256').mkdir(parents=True)
        self.put('oci-layout', b'{"imageLayoutVersion":"1.0.0"}')

    def put(self, name, data):
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)

    def blob(self, data, media, **more):
        self.put('blobs/sha256/' + digest(data)[7:], data)
        return dict({'mediaType': media, 'digest': digest(data), 'size': len(data)}, **more)

    def layer(self, data, compress='gzip'):
        """Returns the descriptor and the diffID."""
        if compress == 'gzip':
            return self.blob(gzip.compress(data, 1, mtime=0), LAYER + '+gzip'), digest(data)
        return self.blob(data, LAYER), digest(data)

    def image(self, layers, config=None, ref=None, edit_config=None, edit_manifest=None, edit_index=None, compress='gzip'):
        made = [self.layer(x, compress) if isinstance(x, bytes) else x for x in layers]
        whole = {'os': 'linux', 'architecture': machine(), 'config': config or {},
                 'rootfs': {'type': 'layers', 'diff_ids': [m[1] for m in made]}, 'history': []}
        if edit_config:
            whole = edit_config(whole)
        raw = whole if isinstance(whole, bytes) else json.dumps(whole).encode()
        manifest = {'schemaVersion': 2, 'mediaType': MANIFEST, 'config': self.blob(raw, CONFIG), 'layers': [m[0] for m in made]}
        if edit_manifest:
            manifest = edit_manifest(manifest)
        raw = manifest if isinstance(manifest, bytes) else json.dumps(manifest).encode()
        top = self.blob(raw, MANIFEST)
        if ref:
            top['annotations'] = {'org.opencontainers.image.ref.name': ref}
        index = {'schemaVersion': 2, 'manifests': [top]}
        if edit_index:
            index = edit_index(index)
        self.put('index.json', index if isinstance(index, bytes) else json.dumps(index).encode())
        return top['digest']


def machine():
    return {'x86_64': 'amd64', 'aarch64': 'arm64'}[os.uname().machine]


def docker_archive(path, layers, config=None, tags=()):
    """What `docker save` wrote for years, with one layer being a link to another's file."""
    whole = {'os': 'linux', 'architecture': machine(), 'config': config or {},
             'rootfs': {'type': 'layers', 'diff_ids': [digest(x) for x in layers]}}
    raw = json.dumps(whole).encode()
    name = digest(raw)[7:] + '.json'
    entries, files = [entry(name, raw)], []
    seen = {}
    for number, data in enumerate(layers):
        files.append(f'{number:064x}/layer.tar')
        entries.append(folder(f'{number:064x}'))
        if data in seen:
            entries.append(symlink(files[-1], '../' + seen[data]))
        else:
            entries.append(entry(files[-1], data))
            seen[data] = files[-1]
    entries.append(entry('manifest.json', json.dumps([{'Config': name, 'RepoTags': list(tags), 'Layers': files}]).encode()))
    pathlib.Path(path).write_bytes(tar(entries))
