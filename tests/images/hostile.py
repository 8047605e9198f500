# SPDX-License-Identifier: Apache-2.0
"""Images that mean harm. cases(OUTSIDE) gives (name, expected, build): build(folder) writes an OCI layout there.

expected: 'refused' - load fails with one clear error and changes nothing in the store;
          'harmless' - load succeeds, and whatever the image tries comes to nothing, also when it is run;
          'no start' - load succeeds, the run is refused."""
import gzip
import json
import struct
import tarfile

from image import (INDEX, LAYER, Layout, busybox, digest, entry, folder, hardlink, symlink, tar)

CHR, BLK, FIFO = tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE


def raw_header(name, size=0, kind=b'0', link=b'', mode=b'0000644'):
    """A ustar header with what no library would write."""
    h = bytearray(512)
    h[0:len(name)] = name
    h[100:107], h[108:115], h[116:123] = mode, b'0000000', b'0000000'
    h[124:136] = size if isinstance(size, bytes) else b'%011o ' % size
    h[136:147], h[148:156] = b'14000000000', b' ' * 8
    h[156:157], h[157:157 + len(link)], h[257:265] = kind, link, b'ustar\x0000'
    h[148:156] = b'%06o\0 ' % sum(h)
    return bytes(h)


def cases(outside):
    found = []

    def add(name, expected, layers, config=None, **edits):
        found.append((name, expected, lambda path: Layout(path).image([x if isinstance(x, bytes) else tar(x) for x in layers], config, **edits)))

    def layout(name, expected, build):
        found.append((name, expected, lambda path: build(Layout(path))))

    base = busybox()
    out = str(outside)

    # Names.
    for name in ('../x', '../../../../../../tmp/x', 'a/../../x', 'a/..', '..', '/etc/x', '//etc/x', out + '/x', './../x', 'a/b/../../../x', '../',
                 'x/' * 300 + 'y', 'n' * 300, ('d' * 200 + '/') * 25 + 'x', '/', ):
        kind = 'refused'
        if name == '/':
            continue
        add('name ' + name[:40], kind, [base + [entry(name, b'x')]])
    for name in ('../d', '/d', 'a/../../d'):
        add('folder ' + name, 'refused', [base + [folder(name)]])
        add('link at ' + name, 'refused', [base + [symlink(name, 'x')]])
        add('hard link at ' + name, 'refused', [base + [hardlink(name, 'etc/passwd')]])
        add('pipe at ' + name, 'refused', [base + [entry(name, kind=FIFO)]])
    add('empty name', 'refused', [raw_header(b'') + bytes(512) * 2])
    add('NUL in a pax name', 'harmless', [base + [entry('x', pax={'path': 'a\0/../../x'})]])
    add('pax path leads out', 'refused', [base + [entry('x', pax={'path': '../../x'})]])
    add('pax linkpath leads out', 'refused', [base + [(lambda e: (e[0].__setattr__('pax_headers', {'linkpath': '../../../etc/passwd'}), e)[1])(hardlink('x', 'etc/passwd'))]])

    # Links on the way.
    for target in (out, '/', '..', '/proc/self/root', '../../../..', '/etc'):
        add(f'file below a link to {target[:20]}', 'refused', [base + [symlink('l', target), entry('l/x', b'x')]])
        add(f'folder below a link to {target[:20]}', 'refused', [base + [symlink('l', target), folder('l/x')]])
        add(f'hard link through a link to {target[:20]}', 'refused', [base + [symlink('l', target), hardlink('h', 'l/secret')]])
        add(f'whiteout below a link to {target[:20]}', 'refused', [base + [symlink('l', target), entry('l/.wh.secret')]])
        add(f'opaque below a link to {target[:20]}', 'refused', [base + [symlink('l', target), entry('l/.wh..wh..opq')]])
    add('link to a link', 'refused', [base + [symlink('a', out), symlink('b', 'a'), entry('b/x', b'x')]])
    add('link exchanged for a folder later', 'refused', [base + [folder('d'), entry('d/x', b'x'), symlink('d', out), entry('d/y', b'y')]])
    add('file where a folder is needed', 'refused', [base + [entry('f', b'x'), entry('f/x', b'x')]])
    add('link below a link in the layer above', 'harmless', [base + [symlink('l', out)], [folder('l'), entry('l/x', b'x')]])
    add('whiteout of a link of the layer below', 'harmless', [base + [symlink('l', out)], [entry('.wh.l')]])

    # Hard links.
    for target in ('absent', '../x', '/etc/passwd', out + '/secret', 'bin', 'bin/sh', 'dev', '.', ''):
        add('hard link to ' + (target or 'nothing')[:30], 'refused', [base + [hardlink('h', target)]])
    add('hard link to another layer', 'refused', [base, [hardlink('h', 'etc/passwd')]])
    add('hard link to itself', 'refused', [base + [entry('h', b'x'), hardlink('h', 'h')]])
    add('hard link to a pipe', 'refused', [base + [entry('p', kind=FIFO), hardlink('h', 'p')]])
    add('hard link to a device', 'refused', [base + [entry('p', kind=CHR, device=(1, 3)), hardlink('h', 'p')]])

    # Whiteouts.
    for name in ('.wh.', '.wh..', '.wh...', 'a/.wh.', 'a/.wh..', '.wh..wh.', '.wh..wh.plnk', '.wh.x/y', 'etc/.wh..wh..opq/x', '.wh.../x'):
        add('whiteout ' + name, 'refused', [base + [entry(name)]])
    add('whiteout with content', 'refused', [base + [entry('.wh.x', b'content')]])
    add('opaque marker with content', 'refused', [base + [entry('etc/.wh..wh..opq', b'content')]])
    add('whiteout that is a folder', 'refused', [base + [folder('.wh.x')]])
    add('whiteout that is a link', 'refused', [base + [symlink('.wh.x', out)]])
    add('whiteout made by hand', 'harmless', [base, [entry('etc/passwd', kind=CHR, device=(0, 0))]])

    # Devices, pipes.
    for kind, name in ((CHR, 'character'), (BLK, 'block')):
        add(f'{name} device', 'harmless', [base + [entry('etc/dev', kind=kind, device=(8, 0), mode=0o666)]])
    add('kernel memory', 'harmless', [base + [entry('kmem', kind=CHR, device=(1, 2), mode=0o666)]])
    add('passwd is a pipe', 'no start', [[e for e in base if e[0].name != 'etc/passwd'] + [entry('etc/passwd', kind=FIFO)]], {'User': 'app', 'Cmd': ['/bin/id']})
    add('passwd is a link out', 'no start', [[e for e in base if e[0].name != 'etc/passwd'] + [symlink('etc/passwd', out + '/passwd')]], {'User': 'outsider', 'Cmd': ['/bin/id']})
    add('passwd is a folder', 'no start', [[e for e in base if e[0].name != 'etc/passwd'] + [folder('etc/passwd')]], {'User': 'app', 'Cmd': ['/bin/id']})
    add('passwd is a pipe, user a number', 'harmless', [[e for e in base if e[0].name != 'etc/passwd'] + [entry('etc/passwd', kind=FIFO)]], {'User': '7', 'Cmd': ['/bin/true']})
    for what, bad in (('a pipe', [entry('etc/group', kind=FIFO)]), ('a link out', [symlink('etc/group', out + '/passwd')]), ('a folder', [folder('etc/group')]),
                      ('16 MB in a line', [entry('etc/group', b'staff:x:' + b'1' * (16 << 20))]), ('a number too large', [entry('etc/group', b'staff:x:4294967295:\n')])):
        add('group is ' + what, 'no start', [[e for e in base if e[0].name != 'etc/group'] + bad], {'User': 'app:staff', 'Cmd': ['/bin/id']})
    add('passwd.home is no path', 'harmless', [base, [entry('etc/passwd', b'app:x:1:1::\x1b[31m../..:/bin/sh\n')]], {'User': 'app', 'Cmd': ['/bin/id']})
    add('passwd of 16 MB', 'no start', [base, [entry('etc/passwd', b'x' * (16 << 20))]], {'User': 'app', 'Cmd': ['/bin/id']})
    add('group of 16 MB', 'harmless', [base, [entry('etc/group', b'x:x:1:' + b'y' * (16 << 20))]], {'User': 'app', 'Cmd': ['/bin/true']})

    # Places of ours that are links out.
    for place in ('dev', 'proc', 'sys', 'run', 'tmp', 'etc'):
        rest = [e for e in base if e[0].name.split('/')[0] != place]
        add(f'/{place} is a link out', 'no start' if place in ('dev', 'proc') else 'harmless', [rest + [symlink(place, out)]], {'Cmd': ['/bin/true']})
    add('/dev/null is a link to core_pattern', 'harmless', [base + [symlink('dev/null', '/proc/sys/kernel/core_pattern')]], {'Cmd': ['/bin/true']})
    add('/dev/pts and /dev/console are links', 'harmless', [base + [symlink('dev/pts', out), symlink('dev/console', out + '/secret')]], {'Cmd': ['/bin/true']})

    # Rights.
    for mode in (0o4755, 0o2755, 0o6755):
        add(f'set-id {mode:o}', 'harmless', [base + [entry('bin/su', b'#!/bin/sh\n', mode=mode)]])
    capability = struct.pack('<IIIII', 0x02000001, 0xffffffff, 0, 0xffffffff, 0).decode('latin-1')
    for name in ('security.capability', 'trusted.overlay.opaque', 'trusted.overlay.redirect', 'user.overlay.opaque', 'user.overlay.redirect', 'user.overlay.metacopy',
                 'security.selinux', 'system.posix_acl_access', 'security.ima'):
        add('attribute ' + name, 'harmless', [base + [entry('bin/x', b'x', pax={'SCHILY.xattr.' + name: capability})]])

    # Users.
    for user in ('-1', '+0', '0x0', '4294967295', '4294967296', '00', ' 0', '0 ', '1:-1', '1:4294967295', 'nobody-here', 'a:b:c', '../etc', '1.5', '18446744073709551616'):
        add('user ' + user, 'no start', [base], {'User': user, 'Cmd': ['/bin/id']})

    # Configuration that tries to select something.
    for path in ('/proc/self/fd/3', '/proc/self/fd/7', '/proc/self/cwd', '../..', '/a/../../b', 'relative', '/dev/fd/3', '/sys/fs/cgroup'):
        add('workdir ' + path, 'no start', [base], {'WorkingDir': path, 'Cmd': ['/bin/pwd']})
    add('workdir is a link out', 'no start', [base + [symlink('w', out)]], {'WorkingDir': '/w', 'Cmd': ['/bin/pwd']})
    add('workdir below a link out', 'no start', [base + [symlink('w', out)]], {'WorkingDir': '/w/made', 'Cmd': ['/bin/pwd']})
    for path in ('/proc', '/dev/shm', '/', '../x', 'relative', '/sys/x', '/a/../../x'):
        add('volume ' + path, 'harmless' if path == '/' else 'no start', [base], {'Volumes': {path: {}}, 'Cmd': ['/bin/true']})
    add('exposed ports that are none', 'harmless', [base], {'ExposedPorts': {'-1/tcp': {}, '80/sctp': {}, '1-65535': {}, 'x': {}}, 'Cmd': ['/bin/true']})
    add('volume with links out', 'harmless', [base + [folder('v'), symlink('v/a', out + '/secret'), symlink('v/b', out)]], {'Volumes': {'/v': {}}, 'Cmd': ['/bin/touch', '/v/c']})
    add('volume deeper than it can be copied', 'no start', [base + [folder('v' + '/d' * i) for i in range(140)]], {'Volumes': {'/v': {}}, 'Cmd': ['/bin/true']})
    add('volume that is a file', 'no start', [base + [entry('v', b'x')]], {'Volumes': {'/v': {}}, 'Cmd': ['/bin/true']})
    add('volume on a link out', 'no start', [base + [symlink('v', out)]], {'Volumes': {'/v/x': {}}, 'Cmd': ['/bin/touch', '/v/x/y']})
    add('labels and variables that name settings', 'harmless', [base],
        {'Labels': {'io.containerd.hook': out + '/hook', 'org.immure.policy': '/etc/shadow', 'run.oci.hooks': out},
         'Env': ['LD_PRELOAD=' + out + '/x.so', 'IMMURE_POLICY=x', 'XDG_DATA_HOME=' + out, '=x', 'A'], 'Cmd': ['/bin/true']})
    add('stop signal that is none', 'no start', [base], {'StopSignal': 'SIGNOTHING', 'Cmd': ['/bin/true']})
    add('no program at all', 'no start', [base], {})
    add('program is empty', 'no start', [base], {'Cmd': ['']})

    # Bombs.
    zeros = gzip.compress(tar([entry('zeros', bytes(800 << 20))]), 9, mtime=0)
    layout('gzip bomb', 'refused', lambda l: l.image([(l.blob(zeros, LAYER + '+gzip'), digest(b''))]))
    add('huge size in a header', 'refused', [raw_header(b'big', b'77777777777 ') + bytes(1024)])
    add('size of 8 EiB', 'refused', [raw_header(b'big', b'\x80\0\0\0' + b'\x7f' + b'\xff' * 7) + bytes(1024)])
    add('pax header of 64 MB', 'refused', [raw_header(b'pax', 64 << 20, b'x') + b'9' * (64 << 20) + bytes(1024)])
    add('pax record without end', 'refused', [raw_header(b'pax', 512, b'x') + b'99999999999 path=x'.ljust(512, b'x') + raw_header(b'x') + bytes(1024)])
    sparse = 'GNU.sparse.map', '0,1,8589934591999,1'
    add('sparse member of 8 TB', 'refused', [base + [entry('s', b'ab', pax={sparse[0]: sparse[1], 'GNU.sparse.size': '8589934592000', 'GNU.sparse.numblocks': '2'})]])
    add('garbage', 'refused', [bytes(range(256)) * 40])
    add('cut short', 'refused', [tar(base)[:100000]])
    add('header with a wrong sum', 'refused', [b'y' + raw_header(b'xyz')[1:] + bytes(1024)])

    # JSON.
    deep = b'{"a":' * 100000 + b'1' + b'}' * 100000
    for what, text in (('deep', deep), ('not JSON', b'hello'), ('empty', b''), ('list', b'[]'), ('NUL', b'{"config":{"Env":["A=\\u0000"]},"rootfs":{"diff_ids":[]}}'),
                       ('huge number', b'{"schemaVersion":2e999}'), ('invalid UTF-8', b'{"os":"\xff\xfe"}')):
        add('config: ' + what, 'refused', [base], edit_config=lambda c, t=text: t)
        add('manifest: ' + what, 'refused', [base], edit_manifest=lambda m, t=text: t)
        add('index: ' + what, 'refused', [base], edit_index=lambda i, t=text: t)
    add('duplicate keys', 'refused', [base], edit_manifest=lambda m: json.dumps(m)[:-1].encode() + b',"config":{}}')
    add('manifest that is also an index', 'refused', [base], edit_manifest=lambda m: dict(m, manifests=[]))
    add('index that is also a manifest', 'refused', [base], edit_index=lambda i: dict(i, layers=[]))
    add('manifest that says it is an index', 'refused', [base], edit_manifest=lambda m: dict(m, mediaType=INDEX))
    add('schema version 1', 'refused', [base], edit_manifest=lambda m: dict(m, schemaVersion=1))
    add('unknown media type of a layer', 'refused', [base], edit_manifest=lambda m: dict(m, layers=[dict(m['layers'][0], mediaType='application/x-evil')]))
    add('layer is compressed otherwise', 'refused', [base], edit_manifest=lambda m: dict(m, layers=[dict(m['layers'][0], mediaType=LAYER)]))
    add('layer said to be zstd', 'refused', [base], edit_manifest=lambda m: dict(m, layers=[dict(m['layers'][0], mediaType=LAYER + '+zstd')]))
    add('layer from elsewhere', 'refused', [base], edit_manifest=lambda m: dict(m, layers=[dict(m['layers'][0], urls=['http://127.0.0.1/x'])]))
    for bad in ('sha256:../../../etc/passwd', 'sha256:' + '0' * 63, 'sha512:' + '0' * 128, 'sha256:' + 'A' * 64, '', 'md5:' + '0' * 32):
        add('layer digest ' + bad[:30], 'refused', [base], edit_manifest=lambda m, b=bad: dict(m, layers=[dict(m['layers'][0], digest=b)]))
        add('index digest ' + bad[:30], 'refused', [base], edit_index=lambda i, b=bad: dict(i, manifests=[dict(i['manifests'][0], digest=b)]))
        add('diffID ' + bad[:30], 'refused', [base], edit_config=lambda c, b=bad: dict(c, rootfs={'type': 'layers', 'diff_ids': [b]}))
    add('other diffID', 'refused', [base], edit_config=lambda c: dict(c, rootfs={'type': 'layers', 'diff_ids': [digest(b'other')]}))
    add('more diffIDs than layers', 'refused', [base], edit_config=lambda c: dict(c, rootfs={'type': 'layers', 'diff_ids': c['rootfs']['diff_ids'] * 2}))
    add('no layers', 'refused', [])
    add('a thousand layers', 'refused', [base], edit_manifest=lambda m: dict(m, layers=m['layers'] * 1000))
    for size in (1, 10 ** 18, -1):
        add(f'layer size {size}', 'refused', [base], edit_manifest=lambda m, s=size: dict(m, layers=[dict(m['layers'][0], size=s)]))
        add(f'config size {size}', 'refused', [base], edit_manifest=lambda m, s=size: dict(m, config=dict(m['config'], size=s)))

    def damaged(l):
        top = l.image([tar(base)])
        for file in (l.path / 'blobs/sha256').iterdir():
            if file.stat().st_size > 100000:
                data = bytearray(file.read_bytes())
                data[len(data) // 2] ^= 1
                file.write_bytes(data)
        return top

    layout('a bit of a layer is turned', 'refused', damaged)
    layout('trailing bytes after gzip', 'refused', lambda l: l.image([(l.blob(gzip.compress(tar(base), 1) + b'trailing', LAYER + '+gzip'), digest(tar(base)))]))

    def linked(l, what):
        l.image([tar(base)])
        if what == 'index.json':
            target = l.path / 'index.json'
        else:
            target = max((l.path / 'blobs/sha256').iterdir(), key=lambda f: f.stat().st_size)
        moved = l.path / 'moved'
        target.rename(moved)
        target.symlink_to(moved)

    layout('blob of the layout is a link', 'refused', lambda l: linked(l, 'blob'))
    layout('index.json is a link', 'refused', lambda l: linked(l, 'index.json'))
    layout('index in an index in an index', 'refused', lambda l: nested(l, 6, tar(base)))
    return found


def nested(l, depth, data):
    l.image([data])
    inner = (l.path / 'index.json').read_bytes()
    for _ in range(depth):
        inner = json.dumps({'schemaVersion': 2, 'manifests': [l.blob(inner, INDEX)]}).encode()
    l.put('index.json', inner)


