/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/tally.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"

#define TALLY_MAX 32 /* bytes */

void tally_tell(struct tally *tally, uint64_t n)
{
	cleanup_strbuf struct strbuf text = { 0 };

	if (n == tally->told)
		return;
	tally->told = n;
	if (tally->fd < 0)
		tally->fd = openat(tally->dir, TALLY_FILE, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
				   0600);
	/* Numbers only grow: a shorter one never has to hide a longer one. */
	strbuf_u64(&text, n);
	if (tally->fd < 0 || pwrite(tally->fd, text.p, text.len, 0) < 0)
		return;
}

bool tally_read(int dir, uint64_t *ret)
{
	cleanup_strbuf struct strbuf text = { 0 };
	struct err ignored = { 0 };
	int r = fd_read_file(dir, TALLY_FILE, TALLY_MAX, &text, &ignored);

	if (r == -ENOENT) {
		*ret = 0;
		return true;
	}
	return r >= 0 &&
	       span_u64((struct span){ strbuf_str(&text), text.len }, UINT64_MAX, ret) == 0;
}

void tally_done(struct tally *tally)
{
	if (tally->fd < 0)
		return;
	closep(&tally->fd);
	unlinkat(tally->dir, TALLY_FILE, 0);
}
