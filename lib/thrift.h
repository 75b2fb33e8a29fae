/*
 * Thrift's binary protocol, as far as a caller needs it: writing a strict call, and walking an answer within its bounds.
 *
 *     message  u32 0x80010000|type · string name · u32 sequence number · struct
 *     struct   (u8 type · u16 id · value)* · u8 0
 *     string   u32 length · bytes          list, set  u8 type · u32 count · values
 *     map      u8 key type · u8 value type · u32 count · (key · value)*
 */
#ifndef THRIFT_H
#define THRIFT_H

#include <stdbool.h>
#include <stdint.h>

#include "reader.h"
#include "strbuf.h"

enum thrift_type {
	THRIFT_STOP = 0, THRIFT_BOOL = 2, THRIFT_I8 = 3, THRIFT_DOUBLE = 4, THRIFT_I16 = 6, THRIFT_I32 = 8, THRIFT_I64 = 10,
	THRIFT_STRING = 11, THRIFT_STRUCT = 12, THRIFT_MAP = 13, THRIFT_SET = 14, THRIFT_LIST = 15,
};
enum thrift_message { THRIFT_CALL = 1, THRIFT_REPLY = 2, THRIFT_EXCEPTION = 3 };

/* Writing. A struct's fields are written one after the other and ended by thrift_stop(). */
void thrift_call(struct strbuf *out, const char *method, uint32_t sequence);
void thrift_field(struct strbuf *out, enum thrift_type type, uint16_t id);
void thrift_string(struct strbuf *out, uint16_t id, const char *text); /* the field with its value */
void thrift_stop(struct strbuf *out);

/* Reading. A walk over a struct's fields: false at its end, and when the input is bad (r->bad). */
bool thrift_next(struct reader *r, enum thrift_type *ret_type, uint16_t *ret_id);
/*
 * Passes over a value. False when it is malformed (unknown type, nested too deeply, negative length), which more
 * bytes would not mend; running short sets r->bad and gives true.
 */
bool thrift_skip(struct reader *r, enum thrift_type type);
/* A string's bytes as a C string (NUL bytes end it); caller frees; "" and r->bad when it runs short. */
char *thrift_text(struct reader *r);
/* A list's or map's head: the count, or 0 and r->bad when it is more than the input could hold. */
uint32_t thrift_list(struct reader *r, enum thrift_type *ret_type);
uint32_t thrift_map(struct reader *r, enum thrift_type *ret_key, enum thrift_type *ret_value);

#endif
