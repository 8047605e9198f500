/* SPDX-License-Identifier: Apache-2.0 */
/* Which addresses may be told what. libcurl's own parser, so that both see the same. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "runtime/registry_http.h"

struct url_parts {
	CURLU *url;
	char *scheme, *host, *port;
};

static void parts_done(struct url_parts *p)
{
	curl_free(p->scheme);
	curl_free(p->host);
	curl_free(p->port);
	curl_url_cleanup(p->url);
}

static bool parts_of(const char *url, struct url_parts *ret)
{
	ret->url = curl_url();
	return ret->url && curl_url_set(ret->url, CURLUPART_URL, url, 0) == CURLUE_OK &&
	       curl_url_get(ret->url, CURLUPART_SCHEME, &ret->scheme, 0) == CURLUE_OK &&
	       curl_url_get(ret->url, CURLUPART_HOST, &ret->host, 0) == CURLUE_OK &&
	       curl_url_get(ret->url, CURLUPART_PORT, &ret->port, CURLU_DEFAULT_PORT) == CURLUE_OK;
}

bool http_same_origin(const char *a, const char *b)
{
	cleanup(parts_done) struct url_parts left = { 0 };
	cleanup(parts_done) struct url_parts right = { 0 };

	return parts_of(a, &left) && parts_of(b, &right) &&
	       strcasecmp(left.scheme, right.scheme) == 0 &&
	       strcasecmp(left.host, right.host) == 0 && strcmp(left.port, right.port) == 0;
}

bool http_is_https(const char *url)
{
	cleanup(parts_done) struct url_parts parts = { 0 };

	return parts_of(url, &parts) && strcmp(parts.scheme, "https") == 0;
}

bool http_is_loopback(const char *url)
{
	cleanup(parts_done) struct url_parts parts = { 0 };

	return parts_of(url, &parts) && image_host_is_loopback(span_of(parts.host));
}

int http_resolve(const char *base, const char *location, char ret[HTTP_URL_MAX], struct err *err)
{
	CURLU *url = curl_url();
	char *text = NULL;
	int r = 0;

	if (!url || curl_url_set(url, CURLUPART_URL, base, 0) != CURLUE_OK ||
	    curl_url_set(url, CURLUPART_URL, location, CURLU_DISALLOW_USER) != CURLUE_OK ||
	    curl_url_set(url, CURLUPART_FRAGMENT, NULL, 0) != CURLUE_OK ||
	    curl_url_get(url, CURLUPART_URL, &text, 0) != CURLUE_OK)
		r = err_set(err, EPROTO, "the registry points to an address that is none");
	else if (strncmp(text, "http://", 7) != 0 && strncmp(text, "https://", 8) != 0)
		r = err_set(err, EPROTO, "the registry points to an address that is no HTTP");
	else if (snprintf(ret, HTTP_URL_MAX, "%s", text) >= HTTP_URL_MAX)
		r = err_set(err, EPROTO, "the registry points to an address that is too long");
	curl_free(text);
	curl_url_cleanup(url);
	return r;
}
