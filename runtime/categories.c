// SPDX-License-Identifier: Apache-2.0
#include "runtime/categories.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>

#define N_PAIRS (CATEGORIES_MAX * (CATEGORIES_MAX - 1) / 2)
#define TRIES 64

void categories_of(uint32_t number, uint16_t ret[2])
{
	uint32_t low = number / CATEGORIES_MAX;
	uint32_t high = number % CATEGORIES_MAX;

	/* Half of a square: what lies on or below the diagonal is folded over to the other rows. */
	if (high <= low) {
		low = CATEGORIES_MAX - 2 - low;
		high = CATEGORIES_MAX - 1 - high;
	}
	ret[0] = (uint16_t)low;
	ret[1] = (uint16_t)high;
}

/* Returns 1 if it is taken already. */
static int bind_pair(int fd, const uint16_t pair[2], struct err *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int n = snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1,
			 "immure/categories/%u,%u", pair[0], pair[1]);
	socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n);

	if (bind(fd, (const struct sockaddr *)&address, length) == 0)
		return 0;
	return errno == EADDRINUSE ? 1 : err_sys(err, errno, "cannot take a pair of categories");
}

int categories_take(uint16_t ret[2], int *ret_fd, struct err *err)
{
	cleanup_close int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return err_sys(err, errno, "cannot make a socket for a pair of categories");
	for (int i = 0; i < TRIES; i++) {
		uint32_t number = 0;
		uint16_t pair[2];
		int r;

		if (getrandom(&number, sizeof(number), 0) != sizeof(number))
			return err_sys(err, errno, "no random numbers");
		categories_of(number % N_PAIRS, pair);
		r = bind_pair(fd, pair, err);
		if (r < 0)
			return r;
		if (r == 0) {
			ret[0] = pair[0];
			ret[1] = pair[1];
			*ret_fd = steal_fd(fd);
			return 0;
		}
	}
	return err_set(err, EUSERS, "no pair of SELinux categories is free");
}
