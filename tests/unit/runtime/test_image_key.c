/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/unit.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "runtime/image_key.h"

/* Keys and signatures made by openssl(1). */
static const char message[] = "what is signed";

#define EC_KEY                                                               \
	"-----BEGIN PUBLIC KEY-----\n"                                       \
	"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEi3JMJgiu3E6eVVp4FjWpKzh96CXW\n" \
	"irmdxdOVNNRDYijniaggV4kVRduhQK89BwdDC3yLjzaidkDC9RtFQAz1RA==\n"     \
	"-----END PUBLIC KEY-----\n"
#define ED_KEY                                                           \
	"-----BEGIN PUBLIC KEY-----\n"                                   \
	"MCowBQYDK2VwAyEAWTx0I9cRpzdX/Bx2WR931LfVXgEugC/W3pLvuxhVGXI=\n" \
	"-----END PUBLIC KEY-----\n"
#define P521_KEY                                                             \
	"-----BEGIN PUBLIC KEY-----\n"                                       \
	"MIGbMBAGByqGSM49AgEGBSuBBAAjA4GGAAQATyQasVRy+ljIIIxZ61pbjnK655Ri\n" \
	"oky6ganjXmp7f+oU2lEzODBtGjyAL7DmiqFUPRSXp5/HGiVYIYXGuiCQrqMB84o+\n" \
	"LkOdpIRVI+lBYWp44XhihY/TBIOuqItZ+su5pj0YIoyM2+qO4lDLgZZlTD108dSy\n" \
	"T2AemK14UJIkUwC+hqM=\n"                                             \
	"-----END PUBLIC KEY-----\n"
#define SECP256K1_KEY                                                        \
	"-----BEGIN PUBLIC KEY-----\n"                                       \
	"MFYwEAYHKoZIzj0CAQYFK4EEAAoDQgAEzyVeYFz3GAjPUfdfjVWq5dioA94G7K5k\n" \
	"dGOsQTwJd3XxIF1yjyP+dL1PsSGDP2wcpiJp1qw2MwTG5kEJdbWJew==\n"         \
	"-----END PUBLIC KEY-----\n"
#define RSA_KEY                                                              \
	"-----BEGIN PUBLIC KEY-----\n"                                       \
	"MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAs863E6x3DlllEWnDVnd6\n" \
	"uykx+Y1YOcW0uH4Tx/eFHy9Jc4fsoTc1QkzT4xWb0/MlxIpTylr/OThA7gmT11wa\n" \
	"FQQ79ch695T0kzDDDgwtCuzRtv/b172T9OOtPuOTadY/l+9NH7B4NSDfm52LmJfE\n" \
	"Ov4Wd5Lajgxx0FtfWOMAXvjZagYLwNvIDoD/qk8nFF7A2GehYCipgQwT2ThV0w5o\n" \
	"DOCTTcqmckV0yt5xY+79H5Lh1WXL6XRLLRvgv+2YN3TmKF1NqOdKM9QRoe8CWyi1\n" \
	"Q+8HrzrEpqbK4efnCuVl8P1aUJdxPye/ZHbE8tonPFBlofJXwiqw+nimNrQrmjQY\n" \
	"ZQIDAQAB\n"                                                         \
	"-----END PUBLIC KEY-----\n"

/* clang-format off */
static const uint8_t ec_signature[] = { 0x30, 0x44, 0x02, 0x20, 0x2b, 0x49, 0xe7, 0x7b, 0xf5, 0xdc, 0xc1, 0xed, 0x19, 0x92, 0x21, 0xdc, 0x91, 0xef, 0x27, 0x60, 0x7e, 0x4e, 0xbe, 0x48, 0x56, 0xb0, 0x6b, 0x97, 0x82, 0xf4, 0xe5, 0x3c, 0xb3, 0x24, 0x86, 0x69, 0x02, 0x20, 0x51, 0x3c, 0xe2, 0x9f, 0x6e, 0x1b, 0xbe, 0xed, 0x0e, 0xbe, 0x7b, 0x1b, 0x46, 0x71, 0xba, 0x89, 0x1b, 0x7e, 0x84, 0x69, 0x44, 0x20, 0xeb, 0xde, 0x17, 0xda, 0xd4, 0x54, 0xd9, 0xc7, 0xc0, 0x36 };
static const uint8_t ed_signature[] = { 0xba, 0xcd, 0xa3, 0xd4, 0xcf, 0x0b, 0x73, 0x44, 0xc2, 0x68, 0x16, 0xc4, 0x97, 0xeb, 0xa3, 0x54, 0x9a, 0x0a, 0xb1, 0x23, 0xb9, 0x47, 0x51, 0x45, 0xd4, 0x2b, 0xaf, 0x17, 0x50, 0xad, 0xab, 0xfb, 0x0f, 0x04, 0xa6, 0x35, 0x60, 0x6c, 0x94, 0x3d, 0xa4, 0xd3, 0x46, 0x78, 0x56, 0x79, 0x4c, 0xba, 0x2a, 0xeb, 0x3d, 0x6e, 0xf8, 0xb1, 0x11, 0x5f, 0xe4, 0x2b, 0x46, 0x80, 0x98, 0xc8, 0x32, 0x09 };
static const uint8_t p521_signature[] = { 0x30, 0x81, 0x88, 0x02, 0x42, 0x00, 0xfe, 0x6c, 0xa7, 0xe7, 0xad, 0x8c, 0xed, 0x1c, 0xf8, 0xfd, 0xc8, 0x8c, 0x69, 0x5b, 0xf6, 0x44, 0xe5, 0xf6, 0xae, 0x72, 0x39, 0xab, 0xbd, 0xa2, 0xc3, 0xfe, 0x7f, 0x7f, 0xa6, 0xb2, 0x0f, 0x7d, 0x65, 0x03, 0x5d, 0xfc, 0x8d, 0x99, 0x65, 0xc6, 0x2b, 0xf8, 0xf6, 0x69, 0xe7, 0x84, 0xd5, 0x19, 0x24, 0x46, 0x24, 0xa6, 0x4b, 0xc3, 0xb8, 0xc4, 0x41, 0x10, 0x5d, 0x47, 0x9b, 0x60, 0x14, 0x9a, 0x88, 0x02, 0x42, 0x00, 0xbb, 0x02, 0x8e, 0xe1, 0xc1, 0x69, 0xcc, 0x93, 0x7c, 0xd5, 0xa1, 0x40, 0xb9, 0x96, 0xe5, 0x8b, 0x50, 0xc4, 0x77, 0xa1, 0xc6, 0x7e, 0x92, 0x87, 0x57, 0x51, 0xe9, 0x01, 0x3b, 0xc3, 0xf8, 0x75, 0x25, 0x49, 0x29, 0x97, 0x9d, 0x41, 0xab, 0xf9, 0x08, 0x54, 0x2e, 0x38, 0x5c, 0x67, 0x36, 0x05, 0x30, 0x06, 0x84, 0x93, 0x5e, 0xff, 0x86, 0x0f, 0x50, 0xb6, 0x56, 0xf5, 0xf0, 0x0b, 0x45, 0x5c, 0x3c };
/* clang-format on */

#define EC_DIGEST "5f689da04b4a91cb45d71a9714907bfdfb46e7de980bb4f6381eb59227117f17"
#define ED_DIGEST "79cdafe226aea5e7972758e6eab0f3d9f501bd016fb701e91528504840ce4c57"
#define P521_DIGEST "073bd5fe2c6505dd06987cfb521d6d27f5a9e9b47f99dc96a44a13561ba5ba9f"

static void a_signature_fits_its_own_key_alone(void **state)
{
	static const char pem[] = EC_KEY "\n" ED_KEY P521_KEY;
	static const struct {
		const uint8_t *signature;
		size_t n;
		const char *digest;
	} made[] = {
		{ ec_signature, sizeof(ec_signature), EC_DIGEST },
		{ ed_signature, sizeof(ed_signature), ED_DIGEST },
		{ p521_signature, sizeof(p521_signature), P521_DIGEST },
	};
	struct image_keys *keys = NULL;
	size_t n = 0;

	(void)state;
	assert_int_equal(image_keys_read(pem, strlen(pem), &keys, &n), 0);
	assert_int_equal(n, ARRAY_LEN(made));
	for (size_t i = 0; i < n; i++) {
		char digest[DIGEST_HEX_LEN] = "";

		assert_int_equal(image_key_digest(keys, i, digest), 0);
		assert_string_equal(digest, made[i].digest);
		for (size_t k = 0; k < ARRAY_LEN(made); k++) {
			assert_int_equal(image_key_fits(keys, i, message, strlen(message),
							made[k].signature, made[k].n),
					 i == k);
			assert_false(image_key_fits(keys, i, message, strlen(message) - 1,
						    made[k].signature, made[k].n));
		}
	}
	image_keys_free(keys);
}

static void no_changed_signature_fits(void **state)
{
	static const char pem[] = EC_KEY ED_KEY;
	struct image_keys *keys = NULL;
	uint8_t changed[IMAGE_SIGNATURE_MAX];
	size_t n = 0;

	(void)state;
	assert_int_equal(image_keys_read(pem, strlen(pem), &keys, &n), 0);
	for (size_t i = 0; i < 8 * sizeof(ec_signature); i++) {
		memcpy(changed, ec_signature, sizeof(ec_signature));
		changed[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_false(image_key_fits(keys, 0, message, strlen(message), changed,
					    sizeof(ec_signature)));
	}
	for (size_t i = 0; i < 8 * sizeof(ed_signature); i++) {
		memcpy(changed, ed_signature, sizeof(ed_signature));
		changed[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_false(image_key_fits(keys, 1, message, strlen(message), changed,
					    sizeof(ed_signature)));
	}
	for (size_t cut = 0; cut < sizeof(ec_signature); cut++)
		assert_false(image_key_fits(keys, 0, message, strlen(message), ec_signature, cut));
	image_keys_free(keys);
}

static void other_keys_are_refused_by_their_number(void **state)
{
	static const struct {
		const char *pem;
		size_t good;
	} cases[] = {
		{ EC_KEY SECP256K1_KEY, 1 },
		{ RSA_KEY, 0 },
		{ EC_KEY ED_KEY "more", 2 },
		{ "-----BEGIN PUBLIC KEY-----\n", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct image_keys *keys = NULL;
		size_t n = 0;

		assert_int_equal(image_keys_read(cases[i].pem, strlen(cases[i].pem), &keys, &n),
				 -EINVAL);
		assert_int_equal(n, cases[i].good);
		assert_null(keys);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_signature_fits_its_own_key_alone),
		cmocka_unit_test(no_changed_signature_fits),
		cmocka_unit_test(other_keys_are_refused_by_their_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
