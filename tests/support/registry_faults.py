#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A registry that misbehaves: registry_faults.py PORT OTHER_PORT. The first part of a repository's name says how.
What was asked is told by GET /log, one JSON line each. OTHER_PORT is another origin of the same program, where
redirects lead."""
import gzip
import hashlib
import http.server
import io
import json
import sys
import tarfile
import threading
import time
import urllib.parse

MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
INDEX = 'application/vnd.oci.image.index.v1+json'
LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip'
BLOBS = {}
LOG = []
COUNTS = {}
LOCK = threading.Lock()


def digest(data):
    return 'sha256:' + hashlib.sha256(data).hexdigest()


def put(data):
    BLOBS[digest(data)] = data
    return {'digest': digest(data), 'size': len(data)}


def make_layer(name, size):
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode='w') as tar:
        info = tarfile.TarInfo(name)
        info.size = size
        state, data = 12345, bytearray()
        while len(data) < size:  # does not compress, and is the same each time
            state = (state * 1103515245 + 12345) & 0xffffffff
            data += state.to_bytes(4, 'little')
        tar.addfile(info, io.BytesIO(bytes(data[:size])))
    packed = gzip.compress(raw.getvalue(), 1, mtime=0)
    return {'mediaType': LAYER, **put(packed)}, digest(raw.getvalue())


def make_image(arch='amd64', sizes=(400000, 50)):
    layers = [make_layer(f'file-{arch}-{i}', n) for i, n in enumerate(sizes)]
    config = {'architecture': arch, 'os': 'linux', 'config': {'Cmd': ['/none']},
              'rootfs': {'type': 'layers', 'diff_ids': [d for _, d in layers]}}
    return {'schemaVersion': 2, 'mediaType': MANIFEST,
            'config': {'mediaType': 'application/vnd.oci.image.config.v1+json',
                       **put(json.dumps(config).encode())},
            'layers': [layer for layer, _ in layers]}


IMAGE = make_image()
OTHER = make_image('arm64')
GOOD = json.dumps(IMAGE).encode()


def manifest_for(fault):
    """Bytes and Content-Type of what a tag means."""
    image = json.loads(GOOD)
    if fault == 'type':
        return GOOD, 'application/vnd.example.thing+json'
    if fault == 'schema1':
        return b'{"schemaVersion":1}', 'application/vnd.docker.distribution.manifest.v1+json'
    if fault == 'confused':  # what it says of itself is another thing
        return GOOD, INDEX
    if fault == 'both':
        image['manifests'] = []
    if fault == 'twice':
        return GOOD[:-1] + b', "layers": []}', MANIFEST
    if fault == 'traversal':
        image['layers'][0]['digest'] = 'sha256:../../../../etc/passwd'
    if fault == 'layertype':
        image['layers'][0]['mediaType'] = 'application/x-executable'
    if fault == 'many':
        image['layers'] = image['layers'] * 200
    if fault == 'huge':
        image['layers'][0]['size'] = 1 << 50
    if fault == 'negative':
        image['layers'][0]['size'] = -1
    if fault == 'diffs':
        image['layers'] = image['layers'][:1]
    if fault == 'long':
        return GOOD + b' ' * (5 << 20), MANIFEST
    if fault == 'nojson':
        return b'<html>it works</html>', MANIFEST
    if fault in ('index', 'noarch', 'nested', 'liar'):
        good, other = put(GOOD), put(json.dumps(OTHER).encode())
        if fault == 'liar':
            good['size'] += 1
        entries = [{'mediaType': MANIFEST, **other, 'platform': {'os': 'linux', 'architecture': 'arm64'}}]
        if fault != 'noarch':
            entries.append({'mediaType': INDEX if fault == 'nested' else MANIFEST, **good,
                            'platform': {'os': 'linux', 'architecture': 'amd64'}})
        return json.dumps({'schemaVersion': 2, 'mediaType': INDEX, 'manifests': entries}).encode(), INDEX
    return json.dumps(image).encode(), MANIFEST


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    other = ''

    def log_message(self, *args):
        pass

    def answer(self, status, body=b'', headers=()):
        self.send_response(status)
        names = {name.lower() for name, _ in headers}
        for name, value in headers:
            self.send_header(name, value)
        if 'content-length' not in names:
            self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        if self.command != 'HEAD':
            self.wfile.write(body)

    def count(self, key):
        with LOCK:
            COUNTS[key] = COUNTS.get(key, 0) + 1
            return COUNTS[key]

    def refuse(self, status, message, headers=()):
        body = json.dumps({'errors': [{'code': 'TESTED', 'message': message}]}).encode()
        self.answer(status, body, headers)

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        with LOCK:
            LOG.append({'port': self.server.server_port, 'path': self.path,
                        'authorization': self.headers.get('Authorization', ''),
                        'range': self.headers.get('Range', '')})
        parts = url.path.strip('/').split('/')
        if parts == ['log']:
            self.answer(200, ''.join(json.dumps(line) + '\n' for line in LOG).encode())
        elif parts[0] == 'token':
            self.token(parts[1], urllib.parse.parse_qs(url.query))
        elif parts[0] == 'elsewhere':
            self.answer(200, BLOBS[parts[1]])
        elif len(parts) >= 5 and parts[0] == 'v2':
            self.repository(parts[1], parts[-2], urllib.parse.unquote(parts[-1]))
        elif parts[0] == 'page':  # where a list of referrers goes on, by an address of another form
            self.referrers(parts[1], url)
        else:
            self.refuse(404, 'no such place')

    do_HEAD = do_GET

    def token(self, fault, query):
        if fault == 'tokenbad':
            self.refuse(401, 'no')
        elif fault == 'tokensplit':
            self.answer(200, b'{"token": "a\\r\\nX-Evil: 1"}')
        elif query.get('service') != ['tests'] or not query.get('scope'):
            self.refuse(400, 'no scope')
        else:
            self.answer(200, json.dumps({'token': 'for-' + query['scope'][0]}).encode())

    def is_let_in(self, fault, repository):
        if fault.startswith('basic') and self.headers.get('Authorization') != 'Basic dGVzdGVyOnNlY3JldA==':
            self.refuse(401, 'who are you?', [('WWW-Authenticate', 'Basic realm="tests"')])
            return False
        if fault.startswith('token') and self.headers.get('Authorization') != f'Bearer for-repository:{repository}:pull':
            realm = f'http://127.0.0.1:{self.server.server_port}/token/{fault}'
            if fault == 'tokenplain':  # the name is another machine's
                realm = 'http://registry.invalid/token'
            self.refuse(401, 'a token, please',
                        [('WWW-Authenticate', f'Bearer realm="{realm}",service="tests"')])
            return False
        return True

    def repository(self, fault, kind, name):
        repository = '/'.join(self.path.split('/')[2:-2])
        if not self.is_let_in(fault, repository):
            return
        if fault == 'busy' and self.count((fault, kind, name)) < 3:
            self.refuse(429, 'later', [('Retry-After', '1')])
        elif fault == 'down':
            self.refuse(503, 'out of order', [('Retry-After', '0')])
        elif kind == 'referrers':
            self.referrers(fault, urllib.parse.urlsplit(self.path))
        elif kind == 'manifests':
            self.manifest(fault, name)
        else:
            self.blob(fault, name)

    def referrers(self, fault, url):
        """Seven entries, three a page."""
        if fault == 'tagged':
            self.refuse(404, 'no such API')
            return
        begin = int(urllib.parse.parse_qs(url.query).get('last', ['0'])[0])
        rows = [{'mediaType': MANIFEST, **put(json.dumps(IMAGE | {'n': i}).encode()), 'artifactType': f'application/x-{i}'}
                for i in range(7)][begin:begin + 3]
        body = json.dumps({'schemaVersion': 2, 'mediaType': INDEX, 'manifests': rows}).encode()
        host = f'http://127.0.0.1:{self.server.server_port}'
        link = {'pages': f'{url.path}?last={begin + 3}', 'moved': f'{host}/page/moved?last={begin + 3}',
                'away': f'http://127.0.0.1:{self.other}/page/away?last=3', 'endless': f'{url.path}?last=1',
                'garbled': f'{url.path}?last=3> rel=next'}[fault]
        headers = [('Content-Type', INDEX)]
        if begin + 3 < 7 or fault == 'endless':
            headers.append(('Link', f'<{link}>; rel="next"'))
        self.answer(200, b'{"manifests": 7}' if fault == 'garbled' and begin else body, headers)

    def manifest(self, fault, name):
        if fault == 'tagged' and name.startswith('sha256-'):
            data = json.dumps({'schemaVersion': 2, 'mediaType': INDEX, 'manifests': [
                {'mediaType': MANIFEST, **put(GOOD), 'artifactType': 'application/x-tagged'}]}).encode()
            self.answer(200, data, [('Content-Type', INDEX), ('Docker-Content-Digest', digest(data))])
            return
        if name.startswith('sha256:'):
            data, media = BLOBS.get(name, GOOD), MANIFEST
        else:
            data, media = manifest_for(fault)
        claimed = 'sha256:' + '0' * 64 if fault == 'claim' else digest(data)
        if fault == 'missing':
            self.refuse(404, 'unknown manifest')
        else:
            self.answer(200, data, [('Content-Type', media), ('Docker-Content-Digest', claimed)])

    def blob(self, fault, name):
        data = BLOBS[name]
        begin = 0
        asked = self.headers.get('Range', '')
        is_layer = len(data) > 100000
        if fault in ('redirect', 'basicredirect'):
            self.answer(307, b'', [('Location', f'http://127.0.0.1:{self.other}/elsewhere/{name}')])
            return
        if fault == 'circle':
            self.answer(302, b'', [('Location', self.path)])
            return
        if fault == 'outside':
            self.answer(302, b'', [('Location', 'http://registry.invalid/x')])
            return
        if fault == 'file':
            self.answer(302, b'', [('Location', 'file:///etc/passwd')])
            return
        if fault == 'digest' and is_layer:
            data = data[:1000] + bytes([data[1000] ^ 1]) + data[1001:]
        if fault == 'config' and not is_layer:
            data = data.replace(b'amd64', b'amd65')
        if fault == 'longer' and is_layer:
            data += b'x' * 1000
        if fault == 'shorter' and is_layer:
            data = data[:-1000]
        if asked.startswith('bytes=') and fault != 'norange':
            begin = int(asked[6:].split('-')[0])
            if fault == 'wrongrange':
                begin += 7
        headers = [('Content-Length', str(len(data) - begin))]
        if begin:
            headers.append(('Content-Range', f'bytes {begin}-{len(data) - 1}/{len(data)}'))
        cut = fault in ('cut', 'norange', 'wrongrange') and is_layer and self.count((fault, name)) < 4
        self.send_response(206 if begin else 200)
        for header in headers:
            self.send_header(*header)
        self.end_headers()
        if self.command != 'HEAD':
            part = data[begin:begin + 100000] if cut else data[begin:]
            if fault == 'slow':
                for i in range(0, len(part), 20000):
                    self.wfile.write(part[i:i + 20000])
                    time.sleep(0.1)
            else:
                self.wfile.write(part)
        if cut:
            self.close_connection = True


def main():
    port, other = int(sys.argv[1]), int(sys.argv[2])
    Handler.other = other
    for number in (other, port):
        server = http.server.ThreadingHTTPServer(('127.0.0.1', number), Handler)
        threading.Thread(target=server.serve_forever).start()
    print('ready', flush=True)


main()
