meta:
  id: msgpack_value
  title: One MessagePack value
  license: Apache-2.0
  ks-version: '0.11'
  endian: be
doc: |
  A value of MessagePack, whole: one marker byte, what the marker asks for, and for arrays and maps the values
  in it. The instances `is_...` tell what it is; of `int_value`, `bytes_value` and so on only the one that
  belongs to it may be asked for.
doc-ref: https://github.com/msgpack/msgpack/blob/master/spec.md
seq:
  - id: marker
    type: u1
    valid:
      expr: _ != 0xc1
    doc: Type, and for small values the value or the length too. 0xc1 is never used.
  - id: number
    type:
      switch-on: marker
      cases:
        0xcc: u1
        0xcd: u2
        0xce: u4
        0xcf: u8
        0xd0: s1
        0xd1: s2
        0xd2: s4
        0xd3: s8
    if: marker >= 0xcc and marker <= 0xd3
    doc: An integer that is not in the marker.
  - id: float
    type:
      switch-on: marker
      cases:
        0xca: f4
        0xcb: f8
    if: is_float
    doc: A number of IEEE 754, binary32 or binary64.
  - id: len_long
    type:
      switch-on: marker
      cases:
        0xc4: u1
        0xc5: u2
        0xc6: u4
        0xc7: u1
        0xc8: u2
        0xc9: u4
        0xd9: u1
        0xda: u2
        0xdb: u4
        0xdc: u2
        0xdd: u4
        0xde: u2
        0xdf: u4
    if: (marker >= 0xc4 and marker <= 0xc9) or marker >= 0xd9 and marker <= 0xdf
    doc: A length that is not in the marker.
  - id: ext_type
    type: s1
    if: is_ext
    doc: What an extension is; negative numbers are MessagePack's own.
  - id: payload
    size: len
    if: is_str or is_bytes or is_ext
    doc: Bytes of a string, a byte string or an extension.
  - id: items
    type: msgpack_value
    repeat: expr
    repeat-expr: len
    if: is_array
    doc: Elements of an array.
  - id: pairs
    type: pair
    repeat: expr
    repeat-expr: len
    if: is_map
    doc: Entries of a map.
instances:
  is_nil:
    value: marker == 0xc0
  is_bool:
    value: marker == 0xc2 or marker == 0xc3
  is_int:
    value: marker <= 0x7f or marker >= 0xe0 or (marker >= 0xcc and marker <= 0xd3)
  is_float:
    value: marker == 0xca or marker == 0xcb
  is_str:
    value: (marker >= 0xa0 and marker <= 0xbf) or (marker >= 0xd9 and marker <= 0xdb)
  is_bytes:
    value: marker >= 0xc4 and marker <= 0xc6
  is_ext:
    value: (marker >= 0xc7 and marker <= 0xc9) or (marker >= 0xd4 and marker <= 0xd8)
  is_array:
    value: (marker >= 0x90 and marker <= 0x9f) or marker == 0xdc or marker == 0xdd
  is_map:
    value: (marker >= 0x80 and marker <= 0x8f) or marker == 0xde or marker == 0xdf
  len:
    value: >-
      marker >= 0x80 and marker <= 0x9f ? marker % 16
      : marker >= 0xa0 and marker <= 0xbf ? marker % 32
      : marker >= 0xd4 and marker <= 0xd8 ? 1 << (marker - 0xd4)
      : len_long
    if: is_str or is_bytes or is_ext or is_array or is_map
    doc: Bytes of the payload, elements of the array, or entries of the map.
  bool_value:
    value: marker == 0xc3
    if: is_bool
  int_value:
    value: 'marker <= 0x7f ? marker : marker >= 0xe0 ? marker - 0x100 : number'
    if: is_int
    doc: From -2**63 to 2**64 - 1.
  float_value:
    value: float
    if: is_float
  str_value:
    value: payload.to_s("UTF-8")
    if: is_str
  bytes_value:
    value: payload
    if: is_bytes
  is_u8:
    value: is_int and int_value >= 0 and int_value <= 0xff
  is_u32:
    value: is_int and int_value >= 0 and int_value <= 0xffffffff
  is_u64:
    value: is_int and int_value >= 0
  is_s32:
    value: is_int and int_value >= -0x80000000 and int_value <= 0x7fffffff
  is_s64:
    value: is_int and int_value < 0x8000000000000000
  is_list:
    value: is_array and len <= 4096
    doc: An array as short as one in a row of a crimg table has to be.
types:
  pair:
    doc: An entry of a map.
    seq:
      - id: key
        type: msgpack_value
      - id: value
        type: msgpack_value
  array_header:
    doc: What stands before the elements of an array, for schemas that give the elements a type of their own.
    seq:
      - id: marker
        type: u1
        valid:
          expr: (_ >= 0x90 and _ <= 0x9f) or _ == 0xdc or _ == 0xdd
      - id: len_long
        type:
          switch-on: marker
          cases:
            0xdc: u2
            0xdd: u4
        if: marker > 0x9f
    instances:
      len:
        value: 'marker <= 0x9f ? marker % 16 : len_long'
        doc: Elements that follow.
