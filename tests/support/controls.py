#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Each control of CIS section 5 and NIST 4.4, made to fail by a run that really is so.

controls.py [--bpf]: IMMURE names the program, and XDG_STATE_HOME and XDG_DATA_HOME are the caller's. What only
the kernel's collector sees is tried with --bpf. Says "ok N" or "FAIL ..." lines; exit 1 if there was one.
"""
import json
import os
import pathlib
import socket
import subprocess
import sys
import tarfile

IMMURE = os.environ.get('IMMURE', 'immure')
WITH_BPF = sys.argv[1:] == ['--bpf']
STANDARDS = ['cis-docker-1.6', 'nist-800-190']
LISTEN = 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 5000)); s.listen()'
CONNECT = 'import socket; socket.socket().connect_ex(("127.0.0.1", 6000))'

POLICIES = {
    'limits.yaml': 'policy: 1\nname: limits\nextends: [builtin/default]\nlimits:\n  nofile: 64\n  pids: 100\n  memory: 1GiB\n  cpus: 1\n',
    'audit.yaml': 'policy: 1\nname: audit\nextends: [builtin/default]\n\nmode: audit\nrequire: [userns]\n',
    'require.yaml': 'policy: 1\nname: require\nextends: [builtin/default]\nrequire:\n  - userns\n  - seccomp\nmode: audit\n',
    'calls.yaml': 'policy: 1\nname: calls\nextends: [builtin/default]\nsyscalls:\n  - deny ptrace\n  - allow mlock\n',
    'net.yaml': 'policy: 1\nname: net\nextends: [builtin/default]\nfiles:\n  - read /etc/**\nnetwork:\n'
                '  - connect tcp 127.0.0.1:5999\n  - listen tcp 127.0.0.1:5998\n',
    'exec.yaml': 'policy: 1\nname: exec\nmode: audit\nextends: [builtin/glibc, builtin/shell]\nfiles:\n  - read /**\n'
                 '  - read,exec /usr/bin/dash /usr/lib/** /lib/** /lib64/**\n',
}

# Controls; options; the command; the status; the place: FILE:LINE of the policy, or what stands on the command line.
TRUE = ['true']
ROWS = [
    ('5.5 5.22 4.4.3-privilege 4.4.3-calls 4.4.3-weak', '--host --without seccomp', TRUE, 'fail', '--without seccomp'),
    ('5.22 4.4.3-calls', '--host --policy audit.yaml', TRUE, 'fail', 'audit.yaml:5'),
    ('4.4.3-weak', '--host --policy require.yaml', TRUE, 'fail', 'require.yaml:6'),
    ('5.6 4.4.4-change', '--host -v /etc:/data', TRUE, 'fail', '--volume /etc:/data'),
    ('5.8', '--host --network private -p 127.0.0.1:{low}:80', TRUE, 'fail', '--publish 127.0.0.1:{low}:80'),
    ('5.14', '--host --network private -p 0.0.0.0:{high}:80', TRUE, 'fail', '--publish 0.0.0.0:{high}:80'),
    ('5.10 5.14 4.4.2-egress', '--host --network host', TRUE, 'fail', '--network'),
    ('5.13 4.4.3-root', '--rootfs root --writable', ['/bin/busybox', 'true'], 'fail', '--writable'),
    ('5.15', '--host -d --restart always', ['sleep', '60'], 'fail', '--restart'),
    ('5.15', '--host -d --restart on-failure:6', ['sleep', '60'], 'fail', '--restart'),
    ('5.15', '--host -d --restart on-failure:5', ['sleep', '60'], 'pass', '--restart'),
    ('5.27', '--host -d --health-cmd true', ['sleep', '60'], 'pass', None),
    ('5.19 5.29', '--host --policy limits.yaml --without rlimits', TRUE, 'fail', '--without rlimits'),
    ('5.19', '--host --policy limits.yaml', TRUE, 'pass', 'limits.yaml:5'),
    ('5.19', '--host --policy limits.yaml --nofile 50', TRUE, 'pass', '--nofile'),
    ('5.29', '--host --policy limits.yaml', TRUE, 'pass', 'limits.yaml:6'),
    ('5.29', '--host --policy limits.yaml --pids 50', TRUE, 'pass', '--pids'),
    ('5.11', '--host --policy limits.yaml', TRUE, 'cgroup', 'limits.yaml:7'),
    ('5.12', '--host --policy limits.yaml', TRUE, 'cgroup', 'limits.yaml:8'),
    ('5.28 4.4.5-image', 'controls:latest', ['/bin/busybox', 'true'], 'fail', 'controls:latest'),
    ('5.28 4.4.5-image', 'controls@{digest}', ['/bin/busybox', 'true'], 'pass', None),
    ('5.32', '--host -v /run:/data', TRUE, 'fail', '--volume /run:/data'),
    ('5.32', '--host -v {work}/docker.sock:/data/docker.sock', TRUE, 'fail', '--volume {work}/docker.sock:/data/docker.sock'),
    ('4.4.4-call', '--host', ['unshare', '-U', 'true'], 'fail', 'builtin/default:10'),
    ('4.4.4-call', '--host --policy calls.yaml', ['unshare', '-U', 'true'], 'fail', 'calls.yaml:5'),
    ('4.4.4-call', '--host --policy limits.yaml', ['unshare', '-U', 'true'], 'fail', 'limits.yaml:1'),
    ('4.4.4-call', '--host --policy learned.yaml', ['sh', '-c', ':'], 'pass', 'learned.yaml:{learned}'),
    ('4.4.4-call', '--host --policy learned.yaml', ['sh', '-c', 'umask 77'], 'fail', 'learned.yaml:{learned}'),
    ('4.4.4-destination', '--host --network private --policy net.yaml', ['python3', '-c', CONNECT], 'fail', 'net.yaml:7'),
    ('4.4.2-egress', '--host --network private --policy net.yaml', TRUE, 'pass', '--network'),
]
# What the filter alone does not see is not proven; the kernel's collector sees it.
BLIND_ROWS = [
    ('5.7 4.4.2-flows 4.4.4-destination', '--host --network host', TRUE, 'not-proven', 'builtin/default:1'),
    ('5.8 5.9 4.4.4-listener', '--host --network host', TRUE, 'not-proven', '--network'),
    ('4.4.4-process', '--host', TRUE, 'not-proven', 'builtin/default:6'),
]
BPF_ROWS = [
    ('5.7', '--host -v {work}/bin:/data:exec', ['/data/sshd'], 'fail', 'builtin/default:1'),
    ('5.9 4.4.4-listener', '--host --network private', ['python3', '-c', LISTEN], 'fail', '--network'),
    ('5.9 4.4.4-listener', '--host --network private -p {high}:5000', ['python3', '-c', LISTEN], 'pass', '--network'),
    ('4.4.4-process', '--host --policy exec.yaml', ['sh', '-c', '/usr/bin/true; true'], 'fail', 'exec.yaml:6'),
    ('4.4.2-flows', '--host --network private', ['python3', '-c', CONNECT], 'pass', 'builtin/default:1'),
]

# What no run of immure's can make fail, and why: the default run has the status on the right.
NEVER = {
    '5.1': ('there is no cluster mode', 'not-applicable'),
    '5.2': ('the kernel of this machine decides', 'mac'),
    '5.3': ('the kernel of this machine decides', 'mac'),
    '5.4': ('no option and no policy grants a capability', 'pass'),
    '5.16': ('no option shares process numbers', 'pass'),
    '5.17': ('no option shares memory and queues', 'pass'),
    '5.18': ('a source in /dev is refused, and everything that is shown is nodev', 'pass'),
    '5.20': ('no option shares a mount', 'pass'),
    '5.21': ('no option shares the host name', 'pass'),
    '5.23': ('exec enters with the capabilities of the program: none', 'pass'),
    '5.24': ('exec enters as the user of the program, which is never root', 'pass'),
    '5.25': ('no option names another cgroup', 'pass'),
    '5.26': ('no option lets programs gain privileges', 'pass'),
    '5.30': ('there is no bridge', 'not-applicable'),
    '5.31': ('no option shares user numbers', 'pass'),
    '4.4.1-version': ('a person compares versions', 'manual'),
    '4.4.3-gain': ('as 5.26', 'pass'),
    '4.4.3-mac': ('as 5.2', 'mac'),
    '4.4.4-write': ('what can be written is private or a volume', 'pass'),
    '4.4.5-record': ('only events that were lost do, where the policy says on-loss: fail', 'pass'),
}
REFUSED = ['--host -v /dev/null:/data', '--host -v /dev:/data', '--host -v /:/data', '--host --read /dev/mem']
# The default run: what does not pass.
DEFAULT = {'5.11': 'cgroup', '5.12': 'cgroup', '5.27': 'manual', '5.28': 'not-applicable', '4.4.5-image': 'not-applicable',
           '4.4.4-process': 'pass' if WITH_BPF else 'not-proven'}
failed = done = 0


def check(good, what, observed):
    global failed, done
    done += 1
    if not good:
        failed += 1
        print(f'FAIL {what}: {observed}', flush=True)


def call(*args):
    return subprocess.run([IMMURE, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False, timeout=120)


def report_of(options, argv):
    """The verdicts on a run, by id; None if it could not be had."""
    detached = '-d' in options
    collector = ['--collector', 'bpf'] if WITH_BPF else []
    run = call('run', *collector, *options, *([] if options[0].startswith('controls') else ['--']), *argv)
    if 'private network: ' in run.stderr and not os.access('/dev/net/tun', os.R_OK | os.W_OK):
        return None  # this user can have none here
    if run.returncode not in (0, 1):
        check(False, ' '.join(options), run.stderr.strip())
        return None
    if detached:
        call('stop', '-t', '1', run.stdout.strip())
    pathlib.Path('r.json').unlink(missing_ok=True)
    made = call('audit', 'report', 'last', *[a for s in STANDARDS for a in ('--standard', s)], '-o', 'r.json')
    check(made.returncode == 0, 'report of ' + ' '.join(options), made.stderr)
    with open('r.json', encoding='utf-8') as f:
        return {finding['id']: finding for finding in json.load(f)['findings']}


def place_of(finding):
    place = finding['place']
    if place is None:
        return None
    if place['line'] == 0:
        return place['rule']
    # The file as it was named, or where it is.
    name = place['file'] if place['file'].startswith('builtin/') else os.path.basename(place['file'])
    return f'{name}:{place["line"]}'


def statuses(word, finding):
    """What a status that depends on the machine may be: a machine without is told by what was seen."""
    if word == 'cgroup':
        return 'not-proven' if 'no delegated cgroup' in finding['observed'] else 'pass'
    if word == 'mac':
        has_none = 'this kernel has no' in finding['observed'] or finding['observed'].startswith('unconfined')
        return 'not-applicable' if has_none else 'pass'
    return word


def try_row(row, names, reports):
    ids, options, argv, status, place = row
    options = options.format(**names).split()
    key = (*options, *argv)
    if key not in reports:
        reports[key] = report_of(options, argv)
    for name in ids.split() if reports[key] else []:
        finding = reports[key][name]
        what = f'{name} of immure run {" ".join(options)}'
        check(finding['status'] == statuses(status, finding), what, f'{finding["status"]}, {finding["observed"]}; expected {status}')
        wanted = place.format(**names) if place else None
        if place or status == 'fail':
            check(place_of(finding) == wanted, f'place of {what}', f'{place_of(finding)}; expected {wanted}')


def levels(report):
    """How each control that passes is known, as immure-controls(7) has it."""
    page = pathlib.Path(__file__).resolve().parents[2] / 'docs/man/immure-controls.7.scd'
    lines = page.read_text(encoding='utf-8').splitlines()
    for name, finding in report.items():
        known = [after for line, after in zip(lines, lines[1:]) if line.startswith(f'*{finding["prefix"]} {name}* ')]
        check(len(known) == 1, f'{name} has its line in {page.name}', known)
        if finding['status'] == 'pass' and known:
            check(f'{finding["level"]}:' in known[0], f'level of {name} in {page.name}', finding['level'])


def default_run(reports):
    report = reports[('--host', *TRUE)] = report_of(['--host'], TRUE)
    for name, finding in (report or {}).items():
        status = NEVER[name][1] if name in NEVER else DEFAULT.get(name, 'pass')
        check(finding['status'] == statuses(status, finding), f'{name} of a default run', f'{finding["status"]}, {finding["observed"]}')
    levels(report or {})
    rows = ROWS + BLIND_ROWS + BPF_ROWS
    tried = {name for ids, _, _, _, _ in rows for name in ids.split()}
    check(tried | set(NEVER) == set(report or {}), 'every control is tried', sorted(set(report or {}) ^ (tried | set(NEVER))))
    check(not {n for ids, _, _, status, _ in rows if status == 'fail' for n in ids.split()} & set(NEVER),
          'what is said never to fail is in no row', '')


def make_image():
    busybox = '/bin/busybox' if os.path.exists('/bin/busybox') else '/usr/bin/busybox'
    pathlib.Path('root/bin').mkdir(parents=True)
    pathlib.Path('root/bin/busybox').write_bytes(pathlib.Path(busybox).read_bytes())
    os.chmod('root/bin/busybox', 0o755)
    with tarfile.open('image.tar', 'w') as tar:
        tar.add('root/bin/busybox', 'bin/busybox')
    made = call('import', 'image.tar', 'controls:latest')
    check(made.returncode == 0, 'an image is made', made.stderr)
    images = call('images', '--digests') if made.returncode == 0 else made
    return next((w for w in (made.stdout + images.stdout).split() if w.startswith('sha256:') and len(w) == 71), '')


def learn():
    """A policy from a run of a shell, and where it speaks of calls first."""
    run = call('run', '--host', '--learn', 'learned.yaml', '--', 'sh', '-c', ':')
    check(run.returncode == 0, 'a policy is learned', run.stderr)
    lines = pathlib.Path('learned.yaml').read_text(encoding='utf-8').splitlines() if run.returncode == 0 else []
    return lines.index('syscalls:') + 2 if 'syscalls:' in lines else 1


def free_port(low):
    """A port that this user may take, or 0."""
    for port in range(700, 1024) if low else range(20000, 30000):
        with socket.socket() as probe:
            try:
                probe.bind(('127.0.0.1', port))
                return port
            except OSError:
                continue
    return 0


def main():
    work = os.getcwd()
    for name, text in POLICIES.items():
        pathlib.Path(name).write_text(text)
    pathlib.Path('bin').mkdir()
    pathlib.Path('bin/sshd').write_bytes(pathlib.Path('/bin/true').read_bytes())
    os.chmod('bin/sshd', 0o755)
    pathlib.Path('docker.sock').touch()
    names = {'work': work, 'learned': learn(), 'digest': make_image(), 'low': free_port(True), 'high': free_port(False)}
    reports = {}
    default_run(reports)
    for row in BPF_ROWS if WITH_BPF else ROWS + BLIND_ROWS:
        if '{low}' in row[1] and not names['low']:
            continue
        try_row(row, names, reports)
    for options in REFUSED:
        run = call('run', *options.split(), '--', 'true')
        check(run.returncode == 125, f'{options} is refused', run.stderr)
    print(f'ok {done - failed}')
    return failed > 0


sys.exit(main())
