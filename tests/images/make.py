#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Ordinary images for tests: make.py FOLDER makes two (two layers, whiteouts), one (one layer), docker.tar."""
import pathlib
import sys

from image import Layout, busybox, docker_archive, entry, folder, tar


def main():
    top = pathlib.Path(sys.argv[1])
    top.mkdir(parents=True, exist_ok=True)
    base = tar(busybox() + [folder('data'), entry('data/old', b'old'), entry('data/kept', b'kept'), folder('dir'), entry('dir/hidden', b'x')])
    upper = tar([folder('data'), entry('data/.wh.old'), entry('data/new', b'new'), folder('dir'), entry('dir/.wh..wh..opq'),
                 entry('dir/seen', b'y'), entry('bin/su', b'#!/bin/sh\n', mode=0o4755)])
    config = {'Env': ['COLOUR=blue', 'PATH=/bin', 'nonsense'], 'Entrypoint': ['/bin/echo', 'entry'], 'Cmd': ['cmd'], 'WorkingDir': '/srv/app',
              'User': 'app', 'Volumes': {'/vol': {}}, 'ExposedPorts': {'80/tcp': {}}, 'StopSignal': 'SIGINT', 'Labels': {'policy': '/etc/shadow'}}
    Layout(top / 'two').image([base, upper], config, ref='example.org/two:1')
    Layout(top / 'one').image([tar(busybox())], {'Cmd': ['/bin/sh']}, ref='latest', compress=None)
    docker_archive(top / 'docker.tar', [base, upper, upper], {'Cmd': ['/bin/ls', '/data']}, ['docker.example/a:1', 'b'])


main()
