#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Signatures laid beside an image by hand, with openssl: signatures.py REGISTRY REPOSITORY TAG WHAT KEY.

WHAT is good, or the way in which it is not. Prints nothing; REGISTRY is HOST:PORT, spoken to in plain HTTP. One that is
"good-referrer" is found by the tag that stands in for the referrers API."""
import base64
import hashlib
import json
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request

MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
INDEX = 'application/vnd.oci.image.index.v1+json'
PAYLOAD = 'application/vnd.dev.cosign.simplesigning.v1+json'
ARTIFACT = 'application/vnd.dev.cosign.artifact.sig.v1+json'
NOTE = 'dev.cosignproject.cosign/signature'
registry, repository, tag, what, key = sys.argv[1:]
base = f'http://{registry}/v2/{repository}'


def digest(data):
    return 'sha256:' + hashlib.sha256(data).hexdigest()


def call(method, url, data=None, **headers):
    request = urllib.request.Request(url, data, {k.replace('_', '-'): v for k, v in headers.items()}, method=method)
    return urllib.request.urlopen(request)


def put_blob(data):
    where = call('POST', f'{base}/blobs/uploads/', b'').headers['Location']
    call('PUT', f'{where}{"&" if "?" in where else "?"}digest={digest(data)}', data, Content_Type='application/octet-stream')
    return {'digest': digest(data), 'size': len(data)}


def put_manifest(name, document, media):
    data = json.dumps(document).encode()
    call('PUT', f'{base}/manifests/{name}', data, Content_Type=media)
    return {'mediaType': media, 'digest': digest(data), 'size': len(data)}


def sign(data):
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        with open(key, encoding='ascii') as text:
            is_ec = 'ED25519' not in subprocess.run(['openssl', 'pkey', '-noout', '-text'], stdin=text, capture_output=True, text=True, check=True).stdout
        words = ['openssl', 'dgst', '-sha256', '-sign', key, file.name] if is_ec else [
            'openssl', 'pkeyutl', '-sign', '-inkey', key, '-rawin', '-in', file.name]
        return subprocess.run(words, capture_output=True, check=True).stdout


def payload(of, name, **more):
    critical = {'identity': {'docker-reference': name}, 'image': {'docker-manifest-digest': of}, 'type': 'cosign container image signature'}
    critical.update(more)
    return json.dumps({'critical': critical, 'optional': None}).encode()


def layer(data, signature=None, media=PAYLOAD):
    text = base64.b64encode(sign(data) if signature is None else signature).decode()
    return {'mediaType': media, **put_blob(data), 'annotations': {NOTE: text}}


image = call('GET', f'{base}/manifests/{tag}', Accept=f'{MANIFEST}, {INDEX}').read()
own, other = digest(image), 'sha256:' + '1' * 64
name = f'{registry}/{repository}:{tag}'
good = payload(own, name)
twice = good.replace(b'"critical": {', b'"critical": {"type": "x", ')
made = {
    'good': lambda: [layer(good)],
    'good-behind-bad': lambda: [layer(payload(other, name)), layer(b'{'), layer(good)],
    'repository': lambda: [layer(payload(own, f'{registry}/{repository}'))],
    'other-digest': lambda: [layer(payload(other, name))],
    'other-tag': lambda: [layer(payload(own, name + 'x'))],
    'other-name': lambda: [layer(payload(own, f'{registry}/other/thing:{tag}'))],
    'short-name': lambda: [layer(payload(own, f'{repository}:{tag}'))],
    'no-json': lambda: [layer(b'\x00\xff not JSON')],
    'twice': lambda: [layer(twice)],
    'more': lambda: [layer(payload(own, name, more=1))],
    'type': lambda: [layer(payload(own, name, type='atomic container signature'))],
    'list': lambda: [layer(b'[' * 60000)],
    'empty': lambda: [layer(good, b'')],
    'half': lambda: [layer(good, sign(good)[:32])],
    'changed': lambda: [layer(good.replace(b'null', b'{}'), sign(good))],
    'media': lambda: [layer(good, media='application/json')],
    'huge': lambda: [layer(good + b' ' * 100000)],
    'long': lambda: [{**layer(good), 'annotations': {NOTE: 'A' * 100000}}],
    'no-base64': lambda: [{**layer(good), 'annotations': {NOTE: '\n-- \x1b[31m'}}],
    'no-note': lambda: [{**layer(good), 'annotations': {}}],
    'many': lambda: [layer(payload(other, name))] * 100 + [layer(good)],
}
beside = own.replace(':', '-')
if what == 'good-referrer':
    config = put_blob(b'{}')
    found = put_manifest('by-referrer', {
        'schemaVersion': 2, 'mediaType': MANIFEST, 'config': {'mediaType': ARTIFACT, **config}, 'layers': [layer(good)],
        'subject': {'mediaType': MANIFEST, 'digest': own, 'size': len(image)}}, MANIFEST)
    put_manifest(beside, {'schemaVersion': 2, 'mediaType': INDEX, 'manifests': [{**found, 'artifactType': ARTIFACT}]}, INDEX)
elif what == 'index':
    put_manifest(beside + '.sig', {'schemaVersion': 2, 'mediaType': INDEX, 'manifests': []}, INDEX)
else:
    config = put_blob(b'{"architecture":"","os":"","config":{},"rootfs":{"type":"layers","diff_ids":[]}}')
    put_manifest(beside + '.sig', {'schemaVersion': 2, 'mediaType': MANIFEST, 'layers': made[what](),
                                   'config': {'mediaType': 'application/vnd.oci.image.config.v1+json', **config}}, MANIFEST)
