/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/registry_client.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "runtime/policy_cache.h"
#include "runtime/tool_path.h"

#define POLICY "builtin/registry"
#define POLICY_FD 3

/* All of the environment that the helper sees. */
static const char *const passed[] = { "http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy",
				      "ALL_PROXY",  "no_proxy",    "NO_PROXY" };

static int spawn(int socket, int policy, pid_t *ret, struct err *err)
{
	cleanup_arena struct arena arena = { 0 };
	const char *program = helper_path(&arena, "immure-registry");
	char *argv[] = { (char *)(uintptr_t) "immure-registry", NULL };
	char *env[ARRAY_LEN(passed) + 1];
	posix_spawn_file_actions_t actions;
	int r;

	if (!program)
		return err_set(err, ENOMEM, "out of memory");
	r = helper_environment(&arena, passed, ARRAY_LEN(passed), env, err);
	if (r < 0)
		return r;
	posix_spawn_file_actions_init(&actions);
	r = posix_spawn_file_actions_adddup2(&actions, socket, 0);
	r |= posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	r |= posix_spawn_file_actions_adddup2(&actions, policy, POLICY_FD);
	if (r == 0)
		r = posix_spawn(ret, program, &actions, NULL, argv, env);
	posix_spawn_file_actions_destroy(&actions);
	return r == 0 ? 0 : err_sys(err, r, "cannot start %s", program);
}

static int send_message(int socket, const void *bytes, size_t n, int fd, struct err *err)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct iovec iov = { (void *)(uintptr_t)bytes, n };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t sent;

	if (fd >= 0) {
		struct cmsghdr *c;

		message.msg_control = control.bytes;
		message.msg_controllen = sizeof(control.bytes);
		c = CMSG_FIRSTHDR(&message);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	}
	do
		sent = sendmsg(socket, &message, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent < 0)
		return err_sys(err, errno, "cannot ask immure-registry");
	return sent == (ssize_t)n ? 0 : err_set(err, EPIPE, "cannot ask immure-registry");
}

static int greet(struct registry_client *client, const char *host, const struct registry_rule *rule,
		 const struct registry_login *login, struct err *err)
{
	struct registry_hello hello = { .version = REGISTRY_VERSION,
					.loopback = image_host_is_loopback(span_of(host)),
					.insecure = rule->insecure };
	struct registry_reply reply = { 0 };
	cleanup_close int ca = -1;
	int r;

	if (strlen(host) >= sizeof(hello.host))
		return err_set(err, EINVAL, "the name of the registry is too long");
	memcpy(hello.host, host, strlen(host) + 1);
	if (login) {
		memcpy(hello.user, login->user, sizeof(hello.user));
		memcpy(hello.password, login->password, sizeof(hello.password));
	}
	if (rule->ca) {
		ca = open(rule->ca, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		if (ca < 0)
			return err_sys(err, errno, "cannot open the CA certificates in %s",
				       rule->ca);
	}
	r = send_message(client->socket, &hello, sizeof(hello), ca, err);
	explicit_bzero(&hello, sizeof(hello));
	if (r == 0)
		r = registry_client_receive(client, &reply, err);
	if (r == 0 && reply.kind == REGISTRY_FAILED) {
		*err = reply.err;
		r = -err->code;
	}
	return r < 0 ? err_wrap(err, "immure-registry") : 0;
}

int registry_client_open(const char *host, const struct registry_rule *rule,
			 const struct registry_login *login, struct registry_client *ret,
			 struct err *err)
{
	cleanup_close int policy = policy_open_compiled(POLICY, err);
	cleanup_close int far = -1;
	int ends[2];
	int r;

	if (policy < 0)
		return policy;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return err_sys(err, errno, "cannot make a socket pair");
	ret->socket = ends[0];
	far = ends[1];
	r = spawn(far, policy, &ret->pid, err);
	closep(&far);
	if (r == 0)
		r = greet(ret, host, rule, login, err);
	if (r < 0)
		registry_client_close(ret);
	return r;
}

int registry_client_connect(const struct registry_config *config, const char *domain,
			    const char *path, bool insecure, struct registry_client *ret,
			    struct err *err)
{
	struct registry_rule rule = *registry_rule_of(config, domain);
	struct registry_login login = { 0 };
	int r = registry_login_find(domain, path, &login, err);

	rule.insecure |= insecure;
	if (r >= 0)
		r = registry_client_open(registry_api_host(domain), &rule, r > 0 ? &login : NULL,
					 ret, err);
	explicit_bzero(&login, sizeof(login));
	return r;
}

void registry_client_close(struct registry_client *client)
{
	closep(&client->socket);
	if (client->pid > 0) {
		kill(client->pid, SIGKILL);
		while (waitpid(client->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	client->pid = -1;
}

int registry_client_send(struct registry_client *client, struct registry_request *request, int fd,
			 struct err *err)
{
	request->id = ++client->last_id;
	return send_message(client->socket, request, sizeof(*request), fd, err);
}

static bool is_reply(const struct registry_reply *reply)
{
	return reply->kind <= REGISTRY_FAILED &&
	       strnlen(reply->media, sizeof(reply->media)) < sizeof(reply->media) &&
	       (reply->digest[0] == '\0' ||
		image_digest_is_valid((struct span){
			reply->digest, strnlen(reply->digest, sizeof(reply->digest)) })) &&
	       (reply->kind != REGISTRY_FAILED || reply->err.code > 0);
}

int registry_client_receive(struct registry_client *client, struct registry_reply *ret,
			    struct err *err)
{
	ssize_t n;

	do
		n = recv(client->socket, ret, sizeof(*ret), 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_sys(err, errno, "cannot hear immure-registry");
	if (n == 0)
		return err_set(err, EPIPE, "immure-registry ended unexpectedly");
	if (n != (ssize_t)sizeof(*ret) || !is_reply(ret))
		return err_set(err, EPROTO, "immure-registry says what makes no sense");
	ret->err.msg[sizeof(ret->err.msg) - 1] = '\0';
	ret->err.len = (uint16_t)strlen(ret->err.msg);
	ret->err.stage = ERR_NONE;
	return 0;
}

int registry_client_call(struct registry_client *client, struct registry_request *request, int fd,
			 struct registry_reply *ret, struct err *err)
{
	int r = registry_client_send(client, request, fd, err);

	while (r == 0) {
		r = registry_client_receive(client, ret, err);
		if (r < 0)
			return r;
		if (ret->id != request->id)
			return err_set(err, EPROTO, "immure-registry answers what nobody asked");
		if (ret->kind == REGISTRY_NOTE)
			log_warning("%s; trying again", ret->err.msg);
		if (ret->kind == REGISTRY_DONE)
			return 0;
		if (ret->kind == REGISTRY_FAILED) {
			*err = ret->err;
			return -err->code;
		}
	}
	return r;
}

int registry_client_fetch(struct registry_client *client, struct registry_request *request,
			  struct strbuf *ret, struct registry_reply *reply, struct err *err)
{
	cleanup_close int memory = memfd_create("immure-registry", MFD_CLOEXEC);
	int r;

	if (memory < 0)
		return err_sys(err, errno, "cannot make a memory file");
	r = registry_client_call(client, request, memory, reply, err);
	if (r < 0)
		return r;
	if (lseek(memory, 0, SEEK_SET) < 0)
		return err_sys(err, errno, "cannot read a memory file");
	r = fd_read_all(memory, REGISTRY_SMALL_BODY, ret);
	return r < 0 ? err_sys(err, -r, "cannot read what was downloaded") : 0;
}
