// SPDX-License-Identifier: Apache-2.0
// What an ordinary node program does: files, workers, compression, a child, timers.
'use strict';
const fs = require('fs');
const os = require('os');
const path = require('path');
const zlib = require('zlib');
const { execFileSync } = require('child_process');
const { Worker, isMainThread, parentPort } = require('worker_threads');

async function files() {
	const folder = await fs.promises.mkdtemp(path.join(os.tmpdir(), 'w-'));
	await Promise.all([...Array(100).keys()].map(
		(n) => fs.promises.writeFile(path.join(folder, String(n)), 'x'.repeat(n))));
	return (await fs.promises.readdir(folder)).length;
}

function worker() {
	return new Promise((resolve, reject) => {
		const w = new Worker(__filename);
		w.on('message', resolve);
		w.on('error', reject);
	});
}

async function main() {
	const words = [`files ${await files()}`];
	const sums = await Promise.all([worker(), worker()]);
	words.push(`workers ${sums.filter((s) => s === 499999500000).length}`);
	const data = Buffer.alloc(1 << 20, 'abc');
	words.push(zlib.gunzipSync(zlib.gzipSync(data)).equals(data) ? 'zlib ok' : 'zlib bad');
	words.push(execFileSync('echo', ['ok']).toString().trim() === 'ok' ? 'spawn ok' : 'spawn bad');
	await new Promise((resolve) => setTimeout(resolve, 20));
	words.push('timers ok');
	console.log(words.join(' '));
}

if (isMainThread) {
	main();
} else {
	let sum = 0;
	for (let i = 0; i < 1000000; i++)
		sum += i;
	parentPort.postMessage(sum);
}
