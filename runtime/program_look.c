/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/program_look.h"

#include <sys/stat.h>

#include "base/fd.h"
#include "base/strbuf.h"

int program_look(int fd, const char *path, struct arena *arena, struct program_look *ret,
		 struct err *err)
{
	cleanup_strbuf struct strbuf bytes = { 0 };
	struct program_look look = { 0 };
	struct stat st = { 0 };
	struct span file;
	int r;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return err_set(err, EINVAL, "%s is not a program", path);
	r = fd_read_all(fd, PROGRAM_MAX_BYTES, &bytes);
	if (r < 0 && r != -EFBIG)
		return err_sys(err, -r, "cannot read %s", path);
	file = (struct span){ strbuf_str(&bytes), bytes.len };
	look.kind = program_kind_of(
		(struct span){ file.p, file.n < PROGRAM_HEAD_BYTES ? file.n : PROGRAM_HEAD_BYTES },
		&look.interpreter);
	if (look.interpreter.n > 0)
		look.interpreter.p = arena_strndup(arena, look.interpreter.p, look.interpreter.n);
	if (look.interpreter.n > 0 && !look.interpreter.p)
		return err_set(err, ENOMEM, "out of memory");
	program_imports_of(file, &look.imports);
	*ret = look;
	return 0;
}
