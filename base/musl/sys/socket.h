/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_BASE_MUSL_SYS_SOCKET_H
#define IMMURE_BASE_MUSL_SYS_SOCKET_H

#include_next <sys/socket.h>

#ifndef AF_MCTP
#define AF_MCTP 45
#endif

#endif
