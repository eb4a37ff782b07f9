# This is a generated file! Please edit source .ksy file and use kaitai-struct-compiler to rebuild
# type: ignore

import kaitaistruct
from kaitaistruct import ReadWriteKaitaiStruct, KaitaiStream, BytesIO


if getattr(kaitaistruct, 'API_VERSION', (0, 9)) < (0, 11):
    raise Exception("Incompatible Kaitai Struct Python API: 0.11 or later is required, but you have %s" % (kaitaistruct.__version__))

class MsgpackValue(ReadWriteKaitaiStruct):
    """A value of MessagePack, whole: one marker byte, what the marker asks for, and for arrays and maps the values
    in it. The instances `is_...` tell what it is; of `int_value`, `bytes_value` and so on only the one that
    belongs to it may be asked for.
    
    .. seealso::
       Source - https://github.com/msgpack/msgpack/blob/master/spec.md
    """
    def __init__(self, _io=None, _parent=None, _root=None):
        super(MsgpackValue, self).__init__(_io)
        self._parent = _parent
        self._root = _root or self

    def _read(self):
        self.marker = self._io.read_u1()
        _ = self.marker
        if not _ != 193:
            raise kaitaistruct.ValidationExprError(self.marker, self._io, u"/seq/0")
        if  ((self.marker >= 204) and (self.marker <= 211)) :
            pass
            _on = self.marker
            if _on == 204:
                pass
                self.number = self._io.read_u1()
            elif _on == 205:
                pass
                self.number = self._io.read_u2be()
            elif _on == 206:
                pass
                self.number = self._io.read_u4be()
            elif _on == 207:
                pass
                self.number = self._io.read_u8be()
            elif _on == 208:
                pass
                self.number = self._io.read_s1()
            elif _on == 209:
                pass
                self.number = self._io.read_s2be()
            elif _on == 210:
                pass
                self.number = self._io.read_s4be()
            elif _on == 211:
                pass
                self.number = self._io.read_s8be()

        if self.is_float:
            pass
            _on = self.marker
            if _on == 202:
                pass
                self.float = self._io.read_f4be()
            elif _on == 203:
                pass
                self.float = self._io.read_f8be()

        if  (( ((self.marker >= 196) and (self.marker <= 201)) ) or ( ((self.marker >= 217) and (self.marker <= 223)) )) :
            pass
            _on = self.marker
            if _on == 196:
                pass
                self.len_long = self._io.read_u1()
            elif _on == 197:
                pass
                self.len_long = self._io.read_u2be()
            elif _on == 198:
                pass
                self.len_long = self._io.read_u4be()
            elif _on == 199:
                pass
                self.len_long = self._io.read_u1()
            elif _on == 200:
                pass
                self.len_long = self._io.read_u2be()
            elif _on == 201:
                pass
                self.len_long = self._io.read_u4be()
            elif _on == 217:
                pass
                self.len_long = self._io.read_u1()
            elif _on == 218:
                pass
                self.len_long = self._io.read_u2be()
            elif _on == 219:
                pass
                self.len_long = self._io.read_u4be()
            elif _on == 220:
                pass
                self.len_long = self._io.read_u2be()
            elif _on == 221:
                pass
                self.len_long = self._io.read_u4be()
            elif _on == 222:
                pass
                self.len_long = self._io.read_u2be()
            elif _on == 223:
                pass
                self.len_long = self._io.read_u4be()

        if self.is_ext:
            pass
            self.ext_type = self._io.read_s1()

        if  ((self.is_str) or (self.is_bytes) or (self.is_ext)) :
            pass
            self.payload = self._io.read_bytes(self.len)

        if self.is_array:
            pass
            self.items = []
            for i in range(self.len):
                _t_items = MsgpackValue(self._io, self, self._root)
                try:
                    _t_items._read()
                finally:
                    self.items.append(_t_items)


        if self.is_map:
            pass
            self.pairs = []
            for i in range(self.len):
                _t_pairs = MsgpackValue.Pair(self._io, self, self._root)
                try:
                    _t_pairs._read()
                finally:
                    self.pairs.append(_t_pairs)


        self._dirty = False


    def _fetch_instances(self):
        pass
        if  ((self.marker >= 204) and (self.marker <= 211)) :
            pass
            _on = self.marker
            if _on == 204:
                pass
            elif _on == 205:
                pass
            elif _on == 206:
                pass
            elif _on == 207:
                pass
            elif _on == 208:
                pass
            elif _on == 209:
                pass
            elif _on == 210:
                pass
            elif _on == 211:
                pass

        if self.is_float:
            pass
            _on = self.marker
            if _on == 202:
                pass
            elif _on == 203:
                pass

        if  (( ((self.marker >= 196) and (self.marker <= 201)) ) or ( ((self.marker >= 217) and (self.marker <= 223)) )) :
            pass
            _on = self.marker
            if _on == 196:
                pass
            elif _on == 197:
                pass
            elif _on == 198:
                pass
            elif _on == 199:
                pass
            elif _on == 200:
                pass
            elif _on == 201:
                pass
            elif _on == 217:
                pass
            elif _on == 218:
                pass
            elif _on == 219:
                pass
            elif _on == 220:
                pass
            elif _on == 221:
                pass
            elif _on == 222:
                pass
            elif _on == 223:
                pass

        if self.is_ext:
            pass

        if  ((self.is_str) or (self.is_bytes) or (self.is_ext)) :
            pass

        if self.is_array:
            pass
            for i in range(len(self.items)):
                pass
                self.items[i]._fetch_instances()


        if self.is_map:
            pass
            for i in range(len(self.pairs)):
                pass
                self.pairs[i]._fetch_instances()




    def _write__seq(self, io=None):
        super(MsgpackValue, self)._write__seq(io)
        self._io.write_u1(self.marker)
        if  ((self.marker >= 204) and (self.marker <= 211)) :
            pass
            _on = self.marker
            if _on == 204:
                pass
                self._io.write_u1(self.number)
            elif _on == 205:
                pass
                self._io.write_u2be(self.number)
            elif _on == 206:
                pass
                self._io.write_u4be(self.number)
            elif _on == 207:
                pass
                self._io.write_u8be(self.number)
            elif _on == 208:
                pass
                self._io.write_s1(self.number)
            elif _on == 209:
                pass
                self._io.write_s2be(self.number)
            elif _on == 210:
                pass
                self._io.write_s4be(self.number)
            elif _on == 211:
                pass
                self._io.write_s8be(self.number)

        if self.is_float:
            pass
            _on = self.marker
            if _on == 202:
                pass
                self._io.write_f4be(self.float)
            elif _on == 203:
                pass
                self._io.write_f8be(self.float)

        if  (( ((self.marker >= 196) and (self.marker <= 201)) ) or ( ((self.marker >= 217) and (self.marker <= 223)) )) :
            pass
            _on = self.marker
            if _on == 196:
                pass
                self._io.write_u1(self.len_long)
            elif _on == 197:
                pass
                self._io.write_u2be(self.len_long)
            elif _on == 198:
                pass
                self._io.write_u4be(self.len_long)
            elif _on == 199:
                pass
                self._io.write_u1(self.len_long)
            elif _on == 200:
                pass
                self._io.write_u2be(self.len_long)
            elif _on == 201:
                pass
                self._io.write_u4be(self.len_long)
            elif _on == 217:
                pass
                self._io.write_u1(self.len_long)
            elif _on == 218:
                pass
                self._io.write_u2be(self.len_long)
            elif _on == 219:
                pass
                self._io.write_u4be(self.len_long)
            elif _on == 220:
                pass
                self._io.write_u2be(self.len_long)
            elif _on == 221:
                pass
                self._io.write_u4be(self.len_long)
            elif _on == 222:
                pass
                self._io.write_u2be(self.len_long)
            elif _on == 223:
                pass
                self._io.write_u4be(self.len_long)

        if self.is_ext:
            pass
            self._io.write_s1(self.ext_type)

        if  ((self.is_str) or (self.is_bytes) or (self.is_ext)) :
            pass
            self._io.write_bytes(self.payload)

        if self.is_array:
            pass
            for i in range(len(self.items)):
                pass
                self.items[i]._write__seq(self._io)


        if self.is_map:
            pass
            for i in range(len(self.pairs)):
                pass
                self.pairs[i]._write__seq(self._io)




    def _check(self):
        _ = self.marker
        if not _ != 193:
            raise kaitaistruct.ValidationExprError(self.marker, None, u"/seq/0")
        if  ((self.marker >= 204) and (self.marker <= 211)) :
            pass
            _on = self.marker
            if _on == 204:
                pass
            elif _on == 205:
                pass
            elif _on == 206:
                pass
            elif _on == 207:
                pass
            elif _on == 208:
                pass
            elif _on == 209:
                pass
            elif _on == 210:
                pass
            elif _on == 211:
                pass

        if self.is_float:
            pass
            _on = self.marker
            if _on == 202:
                pass
            elif _on == 203:
                pass

        if  (( ((self.marker >= 196) and (self.marker <= 201)) ) or ( ((self.marker >= 217) and (self.marker <= 223)) )) :
            pass
            _on = self.marker
            if _on == 196:
                pass
            elif _on == 197:
                pass
            elif _on == 198:
                pass
            elif _on == 199:
                pass
            elif _on == 200:
                pass
            elif _on == 201:
                pass
            elif _on == 217:
                pass
            elif _on == 218:
                pass
            elif _on == 219:
                pass
            elif _on == 220:
                pass
            elif _on == 221:
                pass
            elif _on == 222:
                pass
            elif _on == 223:
                pass

        if self.is_ext:
            pass

        if  ((self.is_str) or (self.is_bytes) or (self.is_ext)) :
            pass
            if len(self.payload) != self.len:
                raise kaitaistruct.ConsistencyError(u"payload", self.len, len(self.payload))

        if self.is_array:
            pass
            if len(self.items) != self.len:
                raise kaitaistruct.ConsistencyError(u"items", self.len, len(self.items))
            for i in range(len(self.items)):
                pass
                if self.items[i]._root != self._root:
                    raise kaitaistruct.ConsistencyError(u"items", self._root, self.items[i]._root)
                if self.items[i]._parent != self:
                    raise kaitaistruct.ConsistencyError(u"items", self, self.items[i]._parent)


        if self.is_map:
            pass
            if len(self.pairs) != self.len:
                raise kaitaistruct.ConsistencyError(u"pairs", self.len, len(self.pairs))
            for i in range(len(self.pairs)):
                pass
                if self.pairs[i]._root != self._root:
                    raise kaitaistruct.ConsistencyError(u"pairs", self._root, self.pairs[i]._root)
                if self.pairs[i]._parent != self:
                    raise kaitaistruct.ConsistencyError(u"pairs", self, self.pairs[i]._parent)


        self._dirty = False

    class ArrayHeader(ReadWriteKaitaiStruct):
        """What stands before the elements of an array, for schemas that give the elements a type of their own."""
        def __init__(self, _io=None, _parent=None, _root=None):
            super(MsgpackValue.ArrayHeader, self).__init__(_io)
            self._parent = _parent
            self._root = _root

        def _read(self):
            self.marker = self._io.read_u1()
            _ = self.marker
            if not  (( ((_ >= 144) and (_ <= 159)) ) or (_ == 220) or (_ == 221)) :
                raise kaitaistruct.ValidationExprError(self.marker, self._io, u"/types/array_header/seq/0")
            if self.marker > 159:
                pass
                _on = self.marker
                if _on == 220:
                    pass
                    self.len_long = self._io.read_u2be()
                elif _on == 221:
                    pass
                    self.len_long = self._io.read_u4be()

            self._dirty = False


        def _fetch_instances(self):
            pass
            if self.marker > 159:
                pass
                _on = self.marker
                if _on == 220:
                    pass
                elif _on == 221:
                    pass



        def _write__seq(self, io=None):
            super(MsgpackValue.ArrayHeader, self)._write__seq(io)
            self._io.write_u1(self.marker)
            if self.marker > 159:
                pass
                _on = self.marker
                if _on == 220:
                    pass
                    self._io.write_u2be(self.len_long)
                elif _on == 221:
                    pass
                    self._io.write_u4be(self.len_long)



        def _check(self):
            _ = self.marker
            if not  (( ((_ >= 144) and (_ <= 159)) ) or (_ == 220) or (_ == 221)) :
                raise kaitaistruct.ValidationExprError(self.marker, None, u"/types/array_header/seq/0")
            if self.marker > 159:
                pass
                _on = self.marker
                if _on == 220:
                    pass
                elif _on == 221:
                    pass

            self._dirty = False

        @property
        def len(self):
            """Elements that follow."""
            if hasattr(self, '_m_len'):
                return self._m_len

            self._m_len = (self.marker % 16 if self.marker <= 159 else self.len_long)
            return getattr(self, '_m_len', None)

        def _invalidate_len(self):
            del self._m_len

    class Pair(ReadWriteKaitaiStruct):
        """An entry of a map."""
        def __init__(self, _io=None, _parent=None, _root=None):
            super(MsgpackValue.Pair, self).__init__(_io)
            self._parent = _parent
            self._root = _root

        def _read(self):
            self.key = MsgpackValue(self._io, self, self._root)
            self.key._read()
            self.value = MsgpackValue(self._io, self, self._root)
            self.value._read()
            self._dirty = False


        def _fetch_instances(self):
            pass
            self.key._fetch_instances()
            self.value._fetch_instances()


        def _write__seq(self, io=None):
            super(MsgpackValue.Pair, self)._write__seq(io)
            self.key._write__seq(self._io)
            self.value._write__seq(self._io)


        def _check(self):
            if self.key._root != self._root:
                raise kaitaistruct.ConsistencyError(u"key", self._root, self.key._root)
            if self.key._parent != self:
                raise kaitaistruct.ConsistencyError(u"key", self, self.key._parent)
            if self.value._root != self._root:
                raise kaitaistruct.ConsistencyError(u"value", self._root, self.value._root)
            if self.value._parent != self:
                raise kaitaistruct.ConsistencyError(u"value", self, self.value._parent)
            self._dirty = False


    @property
    def bool_value(self):
        if hasattr(self, '_m_bool_value'):
            return self._m_bool_value

        if self.is_bool:
            pass
            self._m_bool_value = self.marker == 195

        return getattr(self, '_m_bool_value', None)

    def _invalidate_bool_value(self):
        del self._m_bool_value
    @property
    def bytes_value(self):
        if hasattr(self, '_m_bytes_value'):
            return self._m_bytes_value

        if self.is_bytes:
            pass
            self._m_bytes_value = self.payload

        return getattr(self, '_m_bytes_value', None)

    def _invalidate_bytes_value(self):
        del self._m_bytes_value
    @property
    def float_value(self):
        if hasattr(self, '_m_float_value'):
            return self._m_float_value

        if self.is_float:
            pass
            self._m_float_value = self.float

        return getattr(self, '_m_float_value', None)

    def _invalidate_float_value(self):
        del self._m_float_value
    @property
    def int_value(self):
        """From -2**63 to 2**64 - 1."""
        if hasattr(self, '_m_int_value'):
            return self._m_int_value

        if self.is_int:
            pass
            self._m_int_value = (self.marker if self.marker <= 127 else (self.marker - 256 if self.marker >= 224 else self.number))

        return getattr(self, '_m_int_value', None)

    def _invalidate_int_value(self):
        del self._m_int_value
    @property
    def is_array(self):
        if hasattr(self, '_m_is_array'):
            return self._m_is_array

        self._m_is_array =  (( ((self.marker >= 144) and (self.marker <= 159)) ) or (self.marker == 220) or (self.marker == 221)) 
        return getattr(self, '_m_is_array', None)

    def _invalidate_is_array(self):
        del self._m_is_array
    @property
    def is_bool(self):
        if hasattr(self, '_m_is_bool'):
            return self._m_is_bool

        self._m_is_bool =  ((self.marker == 194) or (self.marker == 195)) 
        return getattr(self, '_m_is_bool', None)

    def _invalidate_is_bool(self):
        del self._m_is_bool
    @property
    def is_bytes(self):
        if hasattr(self, '_m_is_bytes'):
            return self._m_is_bytes

        self._m_is_bytes =  ((self.marker >= 196) and (self.marker <= 198)) 
        return getattr(self, '_m_is_bytes', None)

    def _invalidate_is_bytes(self):
        del self._m_is_bytes
    @property
    def is_ext(self):
        if hasattr(self, '_m_is_ext'):
            return self._m_is_ext

        self._m_is_ext =  (( ((self.marker >= 199) and (self.marker <= 201)) ) or ( ((self.marker >= 212) and (self.marker <= 216)) )) 
        return getattr(self, '_m_is_ext', None)

    def _invalidate_is_ext(self):
        del self._m_is_ext
    @property
    def is_float(self):
        if hasattr(self, '_m_is_float'):
            return self._m_is_float

        self._m_is_float =  ((self.marker == 202) or (self.marker == 203)) 
        return getattr(self, '_m_is_float', None)

    def _invalidate_is_float(self):
        del self._m_is_float
    @property
    def is_int(self):
        if hasattr(self, '_m_is_int'):
            return self._m_is_int

        self._m_is_int =  ((self.marker <= 127) or (self.marker >= 224) or ( ((self.marker >= 204) and (self.marker <= 211)) )) 
        return getattr(self, '_m_is_int', None)

    def _invalidate_is_int(self):
        del self._m_is_int
    @property
    def is_list(self):
        """An array as short as one in a row of a crimg table has to be."""
        if hasattr(self, '_m_is_list'):
            return self._m_is_list

        self._m_is_list =  ((self.is_array) and (self.len <= 4096)) 
        return getattr(self, '_m_is_list', None)

    def _invalidate_is_list(self):
        del self._m_is_list
    @property
    def is_map(self):
        if hasattr(self, '_m_is_map'):
            return self._m_is_map

        self._m_is_map =  (( ((self.marker >= 128) and (self.marker <= 143)) ) or (self.marker == 222) or (self.marker == 223)) 
        return getattr(self, '_m_is_map', None)

    def _invalidate_is_map(self):
        del self._m_is_map
    @property
    def is_nil(self):
        if hasattr(self, '_m_is_nil'):
            return self._m_is_nil

        self._m_is_nil = self.marker == 192
        return getattr(self, '_m_is_nil', None)

    def _invalidate_is_nil(self):
        del self._m_is_nil
    @property
    def is_s32(self):
        if hasattr(self, '_m_is_s32'):
            return self._m_is_s32

        self._m_is_s32 =  ((self.is_int) and (self.int_value >= -2147483648) and (self.int_value <= 2147483647)) 
        return getattr(self, '_m_is_s32', None)

    def _invalidate_is_s32(self):
        del self._m_is_s32
    @property
    def is_s64(self):
        if hasattr(self, '_m_is_s64'):
            return self._m_is_s64

        self._m_is_s64 =  ((self.is_int) and (self.int_value < 9223372036854775808)) 
        return getattr(self, '_m_is_s64', None)

    def _invalidate_is_s64(self):
        del self._m_is_s64
    @property
    def is_str(self):
        if hasattr(self, '_m_is_str'):
            return self._m_is_str

        self._m_is_str =  (( ((self.marker >= 160) and (self.marker <= 191)) ) or ( ((self.marker >= 217) and (self.marker <= 219)) )) 
        return getattr(self, '_m_is_str', None)

    def _invalidate_is_str(self):
        del self._m_is_str
    @property
    def is_u32(self):
        if hasattr(self, '_m_is_u32'):
            return self._m_is_u32

        self._m_is_u32 =  ((self.is_int) and (self.int_value >= 0) and (self.int_value <= 4294967295)) 
        return getattr(self, '_m_is_u32', None)

    def _invalidate_is_u32(self):
        del self._m_is_u32
    @property
    def is_u64(self):
        if hasattr(self, '_m_is_u64'):
            return self._m_is_u64

        self._m_is_u64 =  ((self.is_int) and (self.int_value >= 0)) 
        return getattr(self, '_m_is_u64', None)

    def _invalidate_is_u64(self):
        del self._m_is_u64
    @property
    def is_u8(self):
        if hasattr(self, '_m_is_u8'):
            return self._m_is_u8

        self._m_is_u8 =  ((self.is_int) and (self.int_value >= 0) and (self.int_value <= 255)) 
        return getattr(self, '_m_is_u8', None)

    def _invalidate_is_u8(self):
        del self._m_is_u8
    @property
    def len(self):
        """Bytes of the payload, elements of the array, or entries of the map."""
        if hasattr(self, '_m_len'):
            return self._m_len

        if  ((self.is_str) or (self.is_bytes) or (self.is_ext) or (self.is_array) or (self.is_map)) :
            pass
            self._m_len = (self.marker % 16 if  ((self.marker >= 128) and (self.marker <= 159))  else (self.marker % 32 if  ((self.marker >= 160) and (self.marker <= 191))  else (1 << self.marker - 212 if  ((self.marker >= 212) and (self.marker <= 216))  else self.len_long)))

        return getattr(self, '_m_len', None)

    def _invalidate_len(self):
        del self._m_len
    @property
    def str_value(self):
        if hasattr(self, '_m_str_value'):
            return self._m_str_value

        if self.is_str:
            pass
            self._m_str_value = (self.payload).decode(u"UTF-8")

        return getattr(self, '_m_str_value', None)

    def _invalidate_str_value(self):
        del self._m_str_value

