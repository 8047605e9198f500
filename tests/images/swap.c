/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hostile workload of run_cp.py: exchanges a folder and a link for ever, as fast as it can.
 * swap A B [A B]...: renameat2(RENAME_EXCHANGE) of each pair in turn; writes how often to "swaps".
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char *argv[])
{
	int count = open("swaps", O_WRONLY | O_CREAT | O_TRUNC, 0644);
	char text[24];

	if (count < 0 || argc < 3)
		return 1;
	for (unsigned long n = 0;; n++) {
		for (int i = 1; i + 1 < argc; i += 2)
			(void)!renameat2(AT_FDCWD, argv[i], AT_FDCWD, argv[i + 1], RENAME_EXCHANGE);
		if (n % 1000 == 0)
			(void)!pwrite(count, text, (size_t)snprintf(text, sizeof(text), "%lu\n", n),
				      0);
	}
}
