# This is a generated file! Please edit source .ksy file and use kaitai-struct-compiler to rebuild
# type: ignore

import kaitaistruct
from kaitaistruct import ReadWriteKaitaiStruct, KaitaiStream, BytesIO
from enum import IntEnum


if getattr(kaitaistruct, 'API_VERSION', (0, 9)) < (0, 11):
    raise Exception("Incompatible Kaitai Struct Python API: 0.11 or later is required, but you have %s" % (kaitaistruct.__version__))

class CrimgContainer(ReadWriteKaitaiStruct):
    """The fixed-size structures of a crimg image: what a reader needs to find its way in the file, and nothing
    of what the sections hold. Programs that open images in production read these through the generated
    classes; crimg.ksy puts them together to the whole file.
    
    Every checksum is XXH3 with 64 bits and seed 0, as a little-endian number. Kaitai Struct cannot compute
    it: a reader has to.
    
    .. seealso::
       specs/format.md
    """

    class Codec(IntEnum):
        none = 0
        zstd = 1

    class Machine(IntEnum):
        x86_64 = 62

    class PagesOrigin(IntEnum):
        parent = 0
        guard = 4294967294
        zeros = 4294967295

    class SectionType(IntEnum):
        objects = 1
        pagemap = 2
        pages = 3
        blob = 4
        log = 5
        history = 6
        index = 7
        trailer = 8
    def __init__(self, _io=None, _parent=None, _root=None):
        super(CrimgContainer, self).__init__(_io)
        self._parent = _parent
        self._root = _root or self

    def _read(self):
        pass
        self._dirty = False


    def _fetch_instances(self):
        pass


    def _write__seq(self, io=None):
        super(CrimgContainer, self)._write__seq(io)


    def _check(self):
        self._dirty = False

    class BlobExtent(ReadWriteKaitaiStruct):
        """16 bytes for a stretch of a kept file that is no hole."""
        def __init__(self, _io=None, _parent=None, _root=None):
            super(CrimgContainer.BlobExtent, self).__init__(_io)
            self._parent = _parent
            self._root = _root

        def _read(self):
            self.ofs = self._io.read_u8le()
            self.len = self._io.read_u8le()
            if not self.len >= 1:
                raise kaitaistruct.ValidationLessThanError(1, self.len, self._io, u"/types/blob_extent/seq/1")
            self._dirty = False


        def _fetch_instances(self):
            pass


        def _write__seq(self, io=None):
            super(CrimgContainer.BlobExtent, self)._write__seq(io)
            self._io.write_u8le(self.ofs)
            self._io.write_u8le(self.len)


        def _check(self):
            if not self.len >= 1:
                raise kaitaistruct.ValidationLessThanError(1, self.len, None, u"/types/blob_extent/seq/1")
            self._dirty = False


    class BlobPrefix(ReadWriteKaitaiStruct):
        """Start of the decoded body of a BLOB section. The data of the extents follow, one after the other without
        gaps. What no extent covers is a hole. Extents are sorted by offset and do not overlap.
        """
        def __init__(self, _io=None, _parent=None, _root=None):
            super(CrimgContainer.BlobPrefix, self).__init__(_io)
            self._parent = _parent
            self._root = _root

        def _read(self):
            self.num_extents = self._io.read_u4le()
            self.reserved = self._io.read_u4le()
            if not self.reserved == 0:
                raise kaitaistruct.ValidationNotEqualError(0, self.reserved, self._io, u"/types/blob_prefix/seq/1")
            self.extents = []
            for i in range(self.num_extents):
                _t_extents = CrimgContainer.BlobExtent(self._io, self, self._root)
                try:
                    _t_extents._read()
                finally:
                    self.extents.append(_t_extents)

            self._dirty = False


        def _fetch_instances(self):
            pass
            for i in range(len(self.extents)):
                pass
                self.extents[i]._fetch_instances()



        def _write__seq(self, io=None):
            super(CrimgContainer.BlobPrefix, self)._write__seq(io)
            self._io.write_u4le(self.num_extents)
            self._io.write_u4le(self.reserved)
            for i in range(len(self.extents)):
                pass
                self.extents[i]._write__seq(self._io)



        def _check(self):
            if not self.reserved == 0:
                raise kaitaistruct.ValidationNotEqualError(0, self.reserved, None, u"/types/blob_prefix/seq/1")
            if len(self.extents) != self.num_extents:
                raise kaitaistruct.ConsistencyError(u"extents", self.num_extents, len(self.extents))
            for i in range(len(self.extents)):
                pass
                if self.extents[i]._root != self._root:
                    raise kaitaistruct.ConsistencyError(u"extents", self._root, self.extents[i]._root)
                if self.extents[i]._parent != self:
                    raise kaitaistruct.ConsistencyError(u"extents", self, self.extents[i]._parent)

            self._dirty = False


    class FileHeader(ReadWriteKaitaiStruct):
        """The first 64 bytes of the file."""
        def __init__(self, _io=None, _parent=None, _root=None):
            super(CrimgContainer.FileHeader, self).__init__(_io)
            self._parent = _parent
            self._root = _root

        def _read(self):
            self.magic = self._io.read_bytes(8)
            if not self.magic == b"\x89\x43\x52\x49\x0D\x0A\x1A\x0A":
                raise kaitaistruct.ValidationNotEqualError(b"\x89\x43\x52\x49\x0D\x0A\x1A\x0A", self.magic, self._io, u"/types/file_header/seq/0")
            self.version_major = self._io.read_u2le()
            if not self.version_major == 1:
                raise kaitaistruct.ValidationNotEqualError(1, self.version_major, self._io, u"/types/file_header/seq/1")
            self.version_minor = self._io.read_u2le()
            self.machine = KaitaiStream.resolve_enum(CrimgContainer.Machine, self._io.read_u2le())
            if not self.machine == CrimgContainer.Machine.x86_64:
                raise kaitaistruct.ValidationNotEqualError(CrimgContainer.Machine.x86_64, self.machine, self._io, u"/types/file_header/seq/3")
            self.reserved = self._io.read_u2le()
            if not self.reserved == 0:
                raise kaitaistruct.ValidationNotEqualError(0, self.reserved, self._io, u"/types/file_header/seq/4")
            self.page_size = self._io.read_u4le()
            if not  ((self.page_size == 4096) or (self.page_size == 8192) or (self.page_size == 16384) or (self.page_size == 32768) or (self.page_size == 65536)) :
                raise kaitaistruct.ValidationNotAnyOfError(self.page_size, self._io, u"/types/file_header/seq/5")
            self.flags = self._io.read_u4le()
            if not self.flags == 0:
                raise kaitaistruct.ValidationNotEqualError(0, self.flags, self._io, u"/types/file_header/seq/6")
            self.uuid = self._io.read_bytes(16)
            self.created = self._io.read_s8le()
            self.reserved2 = self._io.read_u8le()
            if not self.reserved2 == 0:
                raise kaitaistruct.ValidationNotEqualError(0, self.reserved2, self._io, u"/types/file_header/seq/9")
            self.checksum = self._io.read_u8le()
            self._dirty = False


        def _fetch_instances(self):
            pass


        def _write__seq(self, io=None):
            super(CrimgContainer.FileHeader, self)._write__seq(io)
            self._io.write_bytes(self.magic)
            self._io.write_u2le(self.version_major)
            self._io.write_u2le(self.version_minor)
            self._io.write_u2le(int(self.machine))
            self._io.write_u2le(self.reserved)
            self._io.write_u4le(self.page_size)
            self._io.write_u4le(self.flags)
            self._io.write_bytes(self.uuid)
            self._io.write_s8le(self.created)
            self._io.write_u8le(self.reserved2)
            self._io.write_u8le(self.checksum)


        def _check(self):
            if len(self.magic) != 8:
                raise kaitaistruct.ConsistencyError(u"magic", 8, len(self.magic))
            if not self.magic == b"\x89\x43\x52\x49\x0D\x0A\x1A\x0A":
                raise kaitaistruct.ValidationNotEqualError(b"\x89\x43\x52\x49\x0D\x0A\x1A\x0A", self.magic, None, u"/types/file_header/seq/0")
            if not self.version_major == 1:
                raise kaitaistruct.ValidationNotEqualError(1, self.version_major, None, u"/types/file_header/seq/1")
            if not self.machine == CrimgContainer.Machine.x86_64:
                raise kaitaistruct.ValidationNotEqualError(CrimgContainer.Machine.x86_64, self.machine, None, u"/types/file_header/seq/3")
            if not self.reserved == 0:
                raise kaitaistruct.ValidationNotEqualError(0, self.reserved, None, u"/types/file_header/seq/4")
            if not  ((self.page_size == 4096) or (self.page_size == 8192) or (self.page_size == 16384) or (self.page_size == 32768) or (self.page_size == 65536)) :
                raise kaitaistruct.ValidationNotAnyOfError(self.page_size, None, u"/types/file_header/seq/5")
            if not self.flags == 0:
                raise kaitaistruct.ValidationNotEqualError(0, self.flags, None, u"/types/file_header/seq/6")
            if len(self.uuid) != 16:
                raise kaitaistruct.ConsistencyError(u"uuid", 16, len(self.uuid))
            if not self.reserved2 == 0:
                raise kaitaistruct.ValidationNotEqualError(0, self.reserved2, None, u"/types/file_header/seq/9")
            self._dirty = False


    class IndexBody(ReadWriteKaitaiStruct):
        """Body of an INDEX section, codec none: the sections of this revision and of all before it, in the order of
        the file.
        """
        def __init__(self, _io=None, _parent=None, _root=None):
            super(CrimgContainer.IndexBody, self).__init__(_io)
            self._parent = _parent
            self._root = _root

        def _read(self):
            self.entries = []
            i = 0
            while not self._io.is_eof():
                _t_entries = CrimgContainer.IndexEntry(self._io, self, self._root)
                try:
                    _t_entries._read()
                finally:
                    self.entries.append(_t_entries)
                i += 1

            self._dirty = False


        def _fetch_instances(self):
            pass
            for i in range(len(self.entries)):
                pass
                self.entries[i]._fetch_instances()



        def _write__seq(self, io=None):
            super(CrimgContainer.IndexBody, self)._write__seq(io)
            for i in range(len(self.entries)):
                pass
                if self._io.is_eof():
                    raise kaitaistruct.ConsistencyError(u"entries", 0, self._io.size() - self._io.pos())
                self.entries[i]._write__seq(self._io)

            if not self._io.is_eof():
                raise kaitaistruct.ConsistencyError(u"entries", 0, self._io.size() - self._io.pos())


        def _check(self):
            for i in range(len(self.entries)):
                pass
                if self.entries[i]._root != self._root:
                    raise kaitaistruct.ConsistencyError(u"entries", self._root, self.entries[i]._root)
                if self.entries[i]._parent != self:
                    raise kaitaistruct.ConsistencyError(u"entries", self, self.entries[i]._parent)

            self._dirty = False


    class IndexEntry(ReadWriteKaitaiStruct):
        """48 bytes for one section; what its header says, and where that is."""
        def __init__(self, _io=None, _parent=None, _root=None):
            super(CrimgContainer.IndexEntry, self).__init__(_io)
            self._parent = _parent
            self._root = _root

        def _read(self):
            self.type = KaitaiStream.resolve_enum(CrimgContainer.SectionType, self._io.read_u2le())
            _ = self.type
            if not  ((_ != CrimgContainer.SectionType.index) and (_ != CrimgContainer.SectionType.trailer)) :
                raise kaitaistruct.ValidationExprError(self.type, self._io, u"/types/index_entry/seq/0")
            self.flags = self._io.read_u2le()
            if not  ((self.flags == 0) or (self.flags == 1)) :
                raise kaitaistruct.ValidationNotAnyOfError(self.flags, self._io, u"/types/index_entry/seq/1")
            self.codec = KaitaiStream.resolve_enum(CrimgContainer.Codec, self._io.read_u1())
            self.align_log2 = self._io.read_u1()
            if not self.align_log2 >= 3:
                raise kaitaistruct.ValidationLessThanError(3, self.align_log2, self._io, u"/types/index_entry/seq/3")
            if not self.align_log2 <= 21:
                raise kaitaistruct.ValidationGreaterThanError(21, self.align_log2, self._io, u"/types/index_entry/seq/3")
            self.kind = self._io.read_u2le()
            _ = self.kind
            if not  ((_ == 0) or (self.type == CrimgContainer.SectionType.objects) or ( ((self.type == CrimgContainer.SectionType.log) and (_ == 30)) ) or ( ((self.type == CrimgContainer.SectionType.history) and (_ == 31)) )) :
                raise kaitaistruct.ValidationExprError(self.kind, self._io, u"/types/index_entry/seq/4")
            self.id = self._io.read_u4le()
            if not self.id >= 1:
                raise kaitaistruct.ValidationLessThanError(1, self.id, self._io, u"/types/index_entry/seq/5")
            if not self.id <= 4294967280:
                raise kaitaistruct.ValidationGreaterThanError(4294967280, self.id, self._io, u"/types/index_entry/seq/5")
            self.revision = self._io.read_u4le()
            if not self.revision >= 1:
                raise kaitaistruct.ValidationLessThanError(1, self.revision, self._io, u"/types/index_entry/seq/6")
            self.ofs_header = self._io.read_u8le()
            _ = self.ofs_header
            if not  ((_ >= 64) and (_ % 8 == 0)) :
                raise kaitaistruct.ValidationExprError(self.ofs_header, self._io, u"/types/index_entry/seq/7")
            self.len_stored = self._io.read_u8le()
            self.len_raw = self._io.read_u8le()
            _ = self.len_raw
            if not (_ == self.len_stored if self.codec == CrimgContainer.Codec.none else _ <= 16777216):
                raise kaitaistruct.ValidationExprError(self.len_raw, self._io, u"/types/index_entry/seq/9")
            self.checksum = self._io.read_u8le()
            self._dirty = False


        def _fetch_instances(self):
            pass


        def _write__seq(self, io=None):
            super(CrimgContainer.IndexEntry, self)._write__seq(io)
            self._io.write_u2le(int(self.type))
            self._io.write_u2le(self.flags)
            self._io.write_u1(int(self.codec))
            self._io.write_u1(self.align_log2)
            self._io.write_u2le(self.kind)
            self._io.write_u4le(self.id)
            self._io.write_u4le(self.revision)
            self._io.write_u8le(self.ofs_header)
            self._io.write_u8le(self.len_stored)
            self._io.write_u8le(self.len_raw)
            self._io.write_u8le(self.checksum)


        def _check(self):
            _ = self.type
            if not  ((_ != CrimgContainer.SectionType.index) and (_ != CrimgContainer.SectionType.trailer)) :
                raise kaitaistruct.ValidationExprError(self.type, None, u"/types/index_entry/seq/0")
            if not  ((self.flags == 0) or (self.flags == 1)) :
                raise kaitaistruct.ValidationNotAnyOfError(self.flags, None, u"/types/index_entry/seq/1")
            if not self.align_log2 >= 3:
                raise kaitaistruct.ValidationLessThanError(3, self.align_log2, None, u"/types/index_entry/seq/3")
            if not self.align_log2 <= 21:
                raise kaitaistruct.ValidationGreaterThanError(21, self.align_log2, None, u"/types/index_entry/seq/3")
            _ = self.kind
            if not  ((_ == 0) or (self.type == CrimgContainer.SectionType.objects) or ( ((self.type == CrimgContainer.SectionType.log) and (_ == 30)) ) or ( ((self.type == CrimgContainer.SectionType.history) and (_ == 31)) )) :
                raise kaitaistruct.ValidationExprError(self.kind, None, u"/types/index_entry/seq/4")
            if not self.id >= 1:
                raise kaitaistruct.ValidationLessThanError(1, self.id, None, u"/types/index_entry/seq/5")
            if not self.id <= 4294967280:
                raise kaitaistruct.ValidationGreaterThanError(4294967280, self.id, None, u"/types/index_entry/seq/5")
            if not self.revision >= 1:
                raise kaitaistruct.ValidationLessThanError(1, self.revision, None, u"/types/index_entry/seq/6")
            _ = self.ofs_header
            if not  ((_ >= 64) and (_ % 8 == 0)) :
                raise kaitaistruct.ValidationExprError(self.ofs_header, None, u"/types/index_entry/seq/7")
            _ = self.len_raw
            if not (_ == self.len_stored if self.codec == CrimgContainer.Codec.none else _ <= 16777216):
                raise kaitaistruct.ValidationExprError(self.len_raw, None, u"/types/index_entry/seq/9")
            self._dirty = False


    class PagemapBody(ReadWriteKaitaiStruct):
        """Decoded body of a PAGEMAP section. Sorted by first_page, no page twice."""
        def __init__(self, _io=None, _parent=None, _root=None):
            super(CrimgContainer.PagemapBody, self).__init__(_io)
            self._parent = _parent
            self._root = _root

        def _read(self):
            self.runs = []
            i = 0
            while not self._io.is_eof():
                _t_runs = CrimgContainer.PagemapRun(self._io, self, self._root)
                try:
                    _t_runs._read()
                finally:
                    self.runs.append(_t_runs)
                i += 1

            self._dirty = False


        def _fetch_instances(self):
            pass
            for i in range(len(self.runs)):
                pass
                self.runs[i]._fetch_instances()



        def _write__seq(self, io=None):
            super(CrimgContainer.PagemapBody, self)._write__seq(io)
            for i in range(len(self.runs)):
                pass
                if self._io.is_eof():
                    raise kaitaistruct.ConsistencyError(u"runs", 0, self._io.size() - self._io.pos())
                self.runs[i]._write__seq(self._io)

            if not self._io.is_eof():
                raise kaitaistruct.ConsistencyError(u"runs", 0, self._io.size() - self._io.pos())


        def _check(self):
            for i in range(len(self.runs)):
                pass
                if self.runs[i]._root != self._root:
                    raise kaitaistruct.ConsistencyError(u"runs", self._root, self.runs[i]._root)
                if self.runs[i]._parent != self:
                    raise kaitaistruct.ConsistencyError(u"runs", self, self.runs[i]._parent)

            self._dirty = False


    class PagemapRun(ReadWriteKaitaiStruct):
        """24 bytes for a stretch of pages with one origin."""
        def __init__(self, _io=None, _parent=None, _root=None):
            super(CrimgContainer.PagemapRun, self).__init__(_io)
            self._parent = _parent
            self._root = _root

        def _read(self):
            self.first_page = self._io.read_u8le()
            self.num_pages = self._io.read_u8le()
            if not self.num_pages >= 1:
                raise kaitaistruct.ValidationLessThanError(1, self.num_pages, self._io, u"/types/pagemap_run/seq/1")
            self.pages_id = self._io.read_u4le()
            _ = self.pages_id
            if not  ((_ <= 4294967280) or (_ >= 4294967294)) :
                raise kaitaistruct.ValidationExprError(self.pages_id, self._io, u"/types/pagemap_run/seq/2")
            self.first_index = self._io.read_u4le()
            _ = self.first_index
            if not  (( ((self.pages_id >= 1) and (self.pages_id <= 4294967280)) ) or (_ == 0)) :
                raise kaitaistruct.ValidationExprError(self.first_index, self._io, u"/types/pagemap_run/seq/3")
            self._dirty = False


        def _fetch_instances(self):
            pass


        def _write__seq(self, io=None):
            super(CrimgContainer.PagemapRun, self)._write__seq(io)
            self._io.write_u8le(self.first_page)
            self._io.write_u8le(self.num_pages)
            self._io.write_u4le(self.pages_id)
            self._io.write_u4le(self.first_index)


        def _check(self):
            if not self.num_pages >= 1:
                raise kaitaistruct.ValidationLessThanError(1, self.num_pages, None, u"/types/pagemap_run/seq/1")
            _ = self.pages_id
            if not  ((_ <= 4294967280) or (_ >= 4294967294)) :
                raise kaitaistruct.ValidationExprError(self.pages_id, None, u"/types/pagemap_run/seq/2")
            _ = self.first_index
            if not  (( ((self.pages_id >= 1) and (self.pages_id <= 4294967280)) ) or (_ == 0)) :
                raise kaitaistruct.ValidationExprError(self.first_index, None, u"/types/pagemap_run/seq/3")
            self._dirty = False

        @property
        def origin(self):
            """Where the contents are; a number without a name is the id of a PAGES section."""
            if hasattr(self, '_m_origin'):
                return self._m_origin

            self._m_origin = KaitaiStream.resolve_enum(CrimgContainer.PagesOrigin, self.pages_id)
            return getattr(self, '_m_origin', None)

        def _invalidate_origin(self):
            del self._m_origin

    class SectionHeader(ReadWriteKaitaiStruct):
        """48 bytes before the body of a section. They begin at a multiple of 8. Behind them come zero bytes up to
        the next multiple of `1 << align_log2`, the body, and zero bytes up to the next multiple of 8.
        """
        def __init__(self, _io=None, _parent=None, _root=None):
            super(CrimgContainer.SectionHeader, self).__init__(_io)
            self._parent = _parent
            self._root = _root

        def _read(self):
            self.magic = self._io.read_bytes(4)
            if not self.magic == b"\xA7\x53\x45\x43":
                raise kaitaistruct.ValidationNotEqualError(b"\xA7\x53\x45\x43", self.magic, self._io, u"/types/section_header/seq/0")
            self.type = KaitaiStream.resolve_enum(CrimgContainer.SectionType, self._io.read_u2le())
            self.flags = self._io.read_u2le()
            if not  ((self.flags == 0) or (self.flags == 1)) :
                raise kaitaistruct.ValidationNotAnyOfError(self.flags, self._io, u"/types/section_header/seq/2")
            self.codec = KaitaiStream.resolve_enum(CrimgContainer.Codec, self._io.read_u1())
            self.align_log2 = self._io.read_u1()
            if not self.align_log2 >= 3:
                raise kaitaistruct.ValidationLessThanError(3, self.align_log2, self._io, u"/types/section_header/seq/4")
            if not self.align_log2 <= 21:
                raise kaitaistruct.ValidationGreaterThanError(21, self.align_log2, self._io, u"/types/section_header/seq/4")
            self.kind = self._io.read_u2le()
            _ = self.kind
            if not  ((_ == 0) or (self.type == CrimgContainer.SectionType.objects) or ( ((self.type == CrimgContainer.SectionType.log) and (_ == 30)) ) or ( ((self.type == CrimgContainer.SectionType.history) and (_ == 31)) )) :
                raise kaitaistruct.ValidationExprError(self.kind, self._io, u"/types/section_header/seq/5")
            self.id = self._io.read_u4le()
            if not self.id >= 1:
                raise kaitaistruct.ValidationLessThanError(1, self.id, self._io, u"/types/section_header/seq/6")
            if not self.id <= 4294967280:
                raise kaitaistruct.ValidationGreaterThanError(4294967280, self.id, self._io, u"/types/section_header/seq/6")
            self.len_stored = self._io.read_u8le()
            self.len_raw = self._io.read_u8le()
            _ = self.len_raw
            if not (_ == self.len_stored if self.codec == CrimgContainer.Codec.none else _ <= 16777216):
                raise kaitaistruct.ValidationExprError(self.len_raw, self._io, u"/types/section_header/seq/8")
            self.checksum = self._io.read_u8le()
            self.header_checksum = self._io.read_u8le()
            self._dirty = False


        def _fetch_instances(self):
            pass


        def _write__seq(self, io=None):
            super(CrimgContainer.SectionHeader, self)._write__seq(io)
            self._io.write_bytes(self.magic)
            self._io.write_u2le(int(self.type))
            self._io.write_u2le(self.flags)
            self._io.write_u1(int(self.codec))
            self._io.write_u1(self.align_log2)
            self._io.write_u2le(self.kind)
            self._io.write_u4le(self.id)
            self._io.write_u8le(self.len_stored)
            self._io.write_u8le(self.len_raw)
            self._io.write_u8le(self.checksum)
            self._io.write_u8le(self.header_checksum)


        def _check(self):
            if len(self.magic) != 4:
                raise kaitaistruct.ConsistencyError(u"magic", 4, len(self.magic))
            if not self.magic == b"\xA7\x53\x45\x43":
                raise kaitaistruct.ValidationNotEqualError(b"\xA7\x53\x45\x43", self.magic, None, u"/types/section_header/seq/0")
            if not  ((self.flags == 0) or (self.flags == 1)) :
                raise kaitaistruct.ValidationNotAnyOfError(self.flags, None, u"/types/section_header/seq/2")
            if not self.align_log2 >= 3:
                raise kaitaistruct.ValidationLessThanError(3, self.align_log2, None, u"/types/section_header/seq/4")
            if not self.align_log2 <= 21:
                raise kaitaistruct.ValidationGreaterThanError(21, self.align_log2, None, u"/types/section_header/seq/4")
            _ = self.kind
            if not  ((_ == 0) or (self.type == CrimgContainer.SectionType.objects) or ( ((self.type == CrimgContainer.SectionType.log) and (_ == 30)) ) or ( ((self.type == CrimgContainer.SectionType.history) and (_ == 31)) )) :
                raise kaitaistruct.ValidationExprError(self.kind, None, u"/types/section_header/seq/5")
            if not self.id >= 1:
                raise kaitaistruct.ValidationLessThanError(1, self.id, None, u"/types/section_header/seq/6")
            if not self.id <= 4294967280:
                raise kaitaistruct.ValidationGreaterThanError(4294967280, self.id, None, u"/types/section_header/seq/6")
            _ = self.len_raw
            if not (_ == self.len_stored if self.codec == CrimgContainer.Codec.none else _ <= 16777216):
                raise kaitaistruct.ValidationExprError(self.len_raw, None, u"/types/section_header/seq/8")
            self._dirty = False

        @property
        def is_critical(self):
            if hasattr(self, '_m_is_critical'):
                return self._m_is_critical

            self._m_is_critical = self.flags % 2 == 1
            return getattr(self, '_m_is_critical', None)

        def _invalidate_is_critical(self):
            del self._m_is_critical

    class TrailerBody(ReadWriteKaitaiStruct):
        """Body of a TRAILER section, codec none, align_log2 3. The last 64 bytes of the file are one."""
        def __init__(self, _io=None, _parent=None, _root=None):
            super(CrimgContainer.TrailerBody, self).__init__(_io)
            self._parent = _parent
            self._root = _root

        def _read(self):
            self.magic = self._io.read_bytes(8)
            if not self.magic == b"\x89\x43\x52\x54\x0D\x0A\x1A\x0A":
                raise kaitaistruct.ValidationNotEqualError(b"\x89\x43\x52\x54\x0D\x0A\x1A\x0A", self.magic, self._io, u"/types/trailer_body/seq/0")
            self.revision = self._io.read_u4le()
            if not self.revision >= 1:
                raise kaitaistruct.ValidationLessThanError(1, self.revision, self._io, u"/types/trailer_body/seq/1")
            self.num_sections = self._io.read_u4le()
            self.ofs_index = self._io.read_u8le()
            _ = self.ofs_index
            if not  ((_ >= 64) and (_ % 8 == 0)) :
                raise kaitaistruct.ValidationExprError(self.ofs_index, self._io, u"/types/trailer_body/seq/3")
            self.len_index = self._io.read_u8le()
            _ = self.len_index
            if not _ == self.num_sections * 48:
                raise kaitaistruct.ValidationExprError(self.len_index, self._io, u"/types/trailer_body/seq/4")
            self.ofs_prev_trailer = self._io.read_u8le()
            _ = self.ofs_prev_trailer
            if not (self.revision == 1 if _ == 0 else  ((self.revision > 1) and (_ >= 64) and (_ % 8 == 0) and (_ < self.ofs_index)) ):
                raise kaitaistruct.ValidationExprError(self.ofs_prev_trailer, self._io, u"/types/trailer_body/seq/5")
            self.header_checksum = self._io.read_u8le()
            self.index_checksum = self._io.read_u8le()
            self.checksum = self._io.read_u8le()
            self._dirty = False


        def _fetch_instances(self):
            pass


        def _write__seq(self, io=None):
            super(CrimgContainer.TrailerBody, self)._write__seq(io)
            self._io.write_bytes(self.magic)
            self._io.write_u4le(self.revision)
            self._io.write_u4le(self.num_sections)
            self._io.write_u8le(self.ofs_index)
            self._io.write_u8le(self.len_index)
            self._io.write_u8le(self.ofs_prev_trailer)
            self._io.write_u8le(self.header_checksum)
            self._io.write_u8le(self.index_checksum)
            self._io.write_u8le(self.checksum)


        def _check(self):
            if len(self.magic) != 8:
                raise kaitaistruct.ConsistencyError(u"magic", 8, len(self.magic))
            if not self.magic == b"\x89\x43\x52\x54\x0D\x0A\x1A\x0A":
                raise kaitaistruct.ValidationNotEqualError(b"\x89\x43\x52\x54\x0D\x0A\x1A\x0A", self.magic, None, u"/types/trailer_body/seq/0")
            if not self.revision >= 1:
                raise kaitaistruct.ValidationLessThanError(1, self.revision, None, u"/types/trailer_body/seq/1")
            _ = self.ofs_index
            if not  ((_ >= 64) and (_ % 8 == 0)) :
                raise kaitaistruct.ValidationExprError(self.ofs_index, None, u"/types/trailer_body/seq/3")
            _ = self.len_index
            if not _ == self.num_sections * 48:
                raise kaitaistruct.ValidationExprError(self.len_index, None, u"/types/trailer_body/seq/4")
            _ = self.ofs_prev_trailer
            if not (self.revision == 1 if _ == 0 else  ((self.revision > 1) and (_ >= 64) and (_ % 8 == 0) and (_ < self.ofs_index)) ):
                raise kaitaistruct.ValidationExprError(self.ofs_prev_trailer, None, u"/types/trailer_body/seq/5")
            self._dirty = False



