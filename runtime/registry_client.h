/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_REGISTRY_CLIENT_H
#define IMMURE_RUNTIME_REGISTRY_CLIENT_H

/* The near end of immure-registry: starts it, asks it, trusts nothing that it says. */

#include <sys/types.h>

#include "base/strbuf.h"
#include "runtime/registry_config.h"
#include "runtime/registry_login.h"
#include "runtime/registry_proto.h"

struct registry_client {
	pid_t pid;
	int socket;
	uint32_t last_id;
};

#define REGISTRY_CLIENT_NONE            \
	{                               \
		.pid = -1, .socket = -1 \
	}

/*
 * Start immure-registry for one server.
 *
 *   host      HOST[:PORT] to connect to
 *   rule      its CAs, and whether it may be insecure
 *   login     or NULL
 *   ret       REGISTRY_CLIENT_NONE before; ended by registry_client_close()
 *
 * Effects   a child process, which ends with us
 */
must_check int registry_client_open(const char *host, const struct registry_rule *rule,
				    const struct registry_login *login, struct registry_client *ret,
				    struct err *err);

/* The same with the login for a repository, looked up, and the rule of the configuration. */
must_check int registry_client_connect(const struct registry_config *config, const char *domain,
				       const char *path, bool insecure, struct registry_client *ret,
				       struct err *err);
void registry_client_close(struct registry_client *client);
#define cleanup_registry_client cleanup(registry_client_close)

/* Send a request; its id is filled in. fd (or -1) goes with it; the caller keeps its own copy. */
must_check int registry_client_send(struct registry_client *client,
				    struct registry_request *request, int fd, struct err *err);

/* The next reply, checked: texts end, numbers are known. -EPIPE if the helper died. */
must_check int registry_client_receive(struct registry_client *client, struct registry_reply *ret,
				       struct err *err);

/* Send and wait for the end; notes are logged. The reply's error becomes *err. */
must_check int registry_client_call(struct registry_client *client,
				    struct registry_request *request, int fd,
				    struct registry_reply *ret, struct err *err);

/*
 * Fetch something small into memory.
 *
 *   op    REGISTRY_MANIFEST, REGISTRY_REFERRERS or REGISTRY_BLOB
 *   size  REGISTRY_BLOB: how long it is, at most REGISTRY_SMALL_BODY
 *   ret   filled only on success; bytes that nobody has looked at
 */
must_check int registry_client_fetch(struct registry_client *client,
				     struct registry_request *request, struct strbuf *ret,
				     struct registry_reply *reply, struct err *err);

#endif
