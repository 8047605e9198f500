/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <string.h>

#include "base/strbuf.h"
#include "sandbox/enter.h"

/* The next n texts of *rest into an array of their own. */
static int take(struct span *rest, uint32_t n, struct arena *arena, const char ***ret,
		struct err *err)
{
	const char **texts;

	if (n > rest->n)
		return err_set(err, EINVAL, "a request with fewer texts than it says");
	texts = arena_array(arena, (size_t)n + 1, sizeof(*texts));
	if (!texts)
		return err_set(err, ENOMEM, "out of memory");
	for (uint32_t i = 0; i < n; i++) {
		const char *end = memchr(rest->p, '\0', rest->n);

		if (!end)
			return err_set(err, EINVAL, "a request with fewer texts than it says");
		texts[i] = rest->p;
		rest->n -= (size_t)(end + 1 - rest->p);
		rest->p = end + 1;
	}
	*ret = texts;
	return 0;
}

static bool is_variable(const char *text)
{
	const char *sign = strchr(text, '=');

	return sign && sign != text;
}

static int check(const struct enter_request *request, const struct enter_texts *texts,
		 struct err *err)
{
	if (texts->args[0][0] == '\0')
		return err_set(err, EINVAL, "a program without a name");
	for (uint32_t i = 0; i < request->n_env; i++) {
		if (!is_variable(texts->env[i]))
			return err_set(err, EINVAL, "\"%.40s\" is no variable: expected NAME=VALUE",
				       texts->env[i]);
	}
	if ((request->flags & ENTER_WORKDIR ? '/' : '\0') != texts->workdir[0])
		return err_set(err, EINVAL, "the working folder %.60s is not absolute",
			       texts->workdir);
	return 0;
}

int enter_decode(const void *bytes, size_t n, struct arena *arena,
		 struct enter_request *ret_request, struct enter_texts *ret, struct err *err)
{
	struct enter_request request = { 0 };
	struct enter_texts texts = { 0 };
	const char **workdir = NULL;
	struct span rest;
	int r;

	if (n < sizeof(request) || n > ENTER_MAX)
		return err_set(err, EINVAL, "a request of %zu bytes", n);
	memcpy(&request, bytes, sizeof(request));
	if (request.n_args == 0 ||
	    request.flags & ~(uint32_t)(ENTER_TTY | ENTER_WORKDIR | ENTER_STAYS) ||
	    (!(request.flags & ENTER_TTY) && (request.rows || request.columns)))
		return err_set(err, EINVAL, "a request that makes no sense");
	rest = (struct span){ (const char *)bytes + sizeof(request), n - sizeof(request) };
	r = take(&rest, request.n_args, arena, &texts.args, err);
	if (r == 0)
		r = take(&rest, request.n_env, arena, &texts.env, err);
	if (r == 0)
		r = take(&rest, 1, arena, &workdir, err);
	if (r < 0)
		return r;
	assert(workdir && texts.args);
	texts.workdir = workdir[0];
	if (rest.n > 0)
		return err_set(err, EINVAL, "a request with more bytes than it says");
	r = check(&request, &texts, err);
	if (r < 0)
		return r;
	*ret_request = request;
	*ret = texts;
	return 0;
}

int enter_encode(const struct enter_request *request, const struct enter_texts *texts,
		 struct strbuf *out, struct err *err)
{
	strbuf_add(out, request, sizeof(*request));
	for (uint32_t i = 0; i < request->n_args; i++)
		strbuf_add(out, texts->args[i], strlen(texts->args[i]) + 1);
	for (uint32_t i = 0; i < request->n_env; i++)
		strbuf_add(out, texts->env[i], strlen(texts->env[i]) + 1);
	strbuf_add(out, texts->workdir, strlen(texts->workdir) + 1);
	if (out->failed)
		return err_set(err, ENOMEM, "out of memory");
	if (out->len > ENTER_MAX)
		return err_set(err, E2BIG, "arguments and variables of more than %d bytes",
			       ENTER_MAX);
	return 0;
}
