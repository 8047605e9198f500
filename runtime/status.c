/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/status.h"

#include <sys/wait.h>

int status_of(const struct err *err)
{
	switch ((enum err_stage)err->stage) {
	case ERR_USAGE:
	case ERR_POLICY:
		return STATUS_USAGE;
	case ERR_TRUST:
		return STATUS_UNTRUSTED;
	case ERR_EXEC:
		return err->code == ENOENT ? STATUS_NOT_FOUND : STATUS_CANNOT_EXECUTE;
	case ERR_NONE:
	case ERR_HOST:
	case ERR_STATE:
	case ERR_USERNS:
	case ERR_MOUNTS:
	case ERR_LIMITS:
	case ERR_SESSION:
	case ERR_CAPS:
	case ERR_LSM:
	case ERR_FSRULES:
	case ERR_SECCOMP:
		break;
	}
	return STATUS_FAILED;
}

int status_of_end(int wait_status)
{
	if (WIFEXITED(wait_status))
		return WEXITSTATUS(wait_status);
	return STATUS_SIGNAL + WTERMSIG(wait_status);
}
