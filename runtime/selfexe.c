/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/selfexe.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sys.h"

#define ALL_SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

static int copy_to_memory(int self, off_t size, struct err *err)
{
	cleanup_close int copy = memfd_create("immure", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	off_t done = 0;

	if (copy < 0)
		return err_sys(err, errno, "cannot make a memory file");
	while (done < size) {
		ssize_t n = sendfile(copy, self, &done, (size_t)(size - done));

		if (n < 0)
			return err_sys(err, errno, "cannot copy our own program");
		if (n == 0)
			return err_set(err, EIO, "our own program ends early");
	}
	if (fcntl(copy, F_ADD_SEALS, ALL_SEALS) < 0)
		return err_sys(err, errno, "cannot seal our own copy");
	return steal_fd(copy);
}

int selfexe_protect(int landlock_abi, char *const argv[], struct err *err)
{
	cleanup_close int self = -1;
	cleanup_close int copy = -1;
	struct stat st = { 0 };
	int seals;
	int r;

	if (landlock_abi > 0)
		return 0;
	self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	if (self < 0 || fstat(self, &st) < 0)
		return err_sys(err, errno, "cannot open our own program");
	seals = fcntl(self, F_GET_SEALS);
	if (seals >= 0 && (seals & ALL_SEALS) == ALL_SEALS)
		return 0; /* we are the copy */
	if (st.st_uid != geteuid() && faccessat(AT_FDCWD, "/proc/self/exe", W_OK, AT_EACCESS) < 0)
		return 0;
	copy = copy_to_memory(self, st.st_size, err);
	if (copy < 0)
		return copy;
	r = sys_execveat(copy, "", argv, environ, AT_EMPTY_PATH);
	return err_sys(err, -r, "cannot execute our own copy");
}
