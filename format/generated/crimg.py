# This is a generated file! Please edit source .ksy file and use kaitai-struct-compiler to rebuild
# type: ignore

import kaitaistruct
from kaitaistruct import ReadWriteKaitaiStruct, KaitaiStream, BytesIO
from . import crimg_container
from . import crimg_tables


if getattr(kaitaistruct, 'API_VERSION', (0, 9)) < (0, 11):
    raise Exception("Incompatible Kaitai Struct Python API: 0.11 or later is required, but you have %s" % (kaitaistruct.__version__))

class Crimg(ReadWriteKaitaiStruct):
    """An image of checkpointed Linux tasks, whole: every byte of the file is in here. A 64-byte header, then
    sections one behind the other. Each revision of the image ends in an INDEX and a TRAILER section, and so
    does the file. Memory pages and contents of files are not read until they are asked for.
    
    What a schema cannot say is said in `doc`, and whole in specs/format.md: checksums (XXH3-64), bodies stored
    with zstd, and that the index agrees with the sections.
    
    .. seealso::
       specs/format.md
    """
    def __init__(self, _io=None, _parent=None, _root=None):
        super(Crimg, self).__init__(_io)
        self._parent = _parent
        self._root = _root or self
        self._should_write_frames = False
        self.frames__enabled = True
        self._should_write_index = False
        self.index__enabled = True
        self._should_write_trailer = False
        self.trailer__enabled = True

    def _read(self):
        self.header = crimg_container.CrimgContainer.FileHeader(self._io)
        self.header._read()
        self._dirty = False


    def _fetch_instances(self):
        pass
        self.header._fetch_instances()
        _ = self.frames
        if hasattr(self, '_m_frames'):
            pass
            for i in range(len(self._m_frames)):
                pass
                self._m_frames[i]._fetch_instances()


        _ = self.index
        if hasattr(self, '_m_index'):
            pass
            self._m_index._fetch_instances()

        _ = self.trailer
        if hasattr(self, '_m_trailer'):
            pass
            self._m_trailer._fetch_instances()



    def _write__seq(self, io=None):
        super(Crimg, self)._write__seq(io)
        self._should_write_frames = self.frames__enabled
        self._should_write_index = self.index__enabled
        self._should_write_trailer = self.trailer__enabled
        self.header._write__seq(self._io)


    def _check(self):
        if self.frames__enabled:
            pass
            if len(self._m_frames) == 0:
                raise kaitaistruct.ConsistencyError(u"frames", 0, len(self._m_frames))
            for i in range(len(self._m_frames)):
                pass
                if self._m_frames[i]._root != self._root:
                    raise kaitaistruct.ConsistencyError(u"frames", self._root, self._m_frames[i]._root)
                if self._m_frames[i]._parent != self:
                    raise kaitaistruct.ConsistencyError(u"frames", self, self._m_frames[i]._parent)


        if self.index__enabled:
            pass
            if self._m_index._root != self._root:
                raise kaitaistruct.ConsistencyError(u"index", self._root, self._m_index._root)
            if self._m_index._parent != self:
                raise kaitaistruct.ConsistencyError(u"index", self, self._m_index._parent)

        if self.trailer__enabled:
            pass

        self._dirty = False

    class BlobBody(ReadWriteKaitaiStruct):
        """Contents of a file, or a stretch of them."""
        def __init__(self, _io=None, _parent=None, _root=None):
            super(Crimg.BlobBody, self).__init__(_io)
            self._parent = _parent
            self._root = _root

        def _read(self):
            self.prefix = crimg_container.CrimgContainer.BlobPrefix(self._io)
            self.prefix._read()
            self.data = self._io.read_bytes_full()
            self._dirty = False


        def _fetch_instances(self):
            pass
            self.prefix._fetch_instances()


        def _write__seq(self, io=None):
            super(Crimg.BlobBody, self)._write__seq(io)
            self.prefix._write__seq(self._io)
            self._io.write_bytes(self.data)
            if not self._io.is_eof():
                raise kaitaistruct.ConsistencyError(u"data", 0, self._io.size() - self._io.pos())


        def _check(self):
            self._dirty = False


    class Frame(ReadWriteKaitaiStruct):
        """A section with its padding."""
        def __init__(self, ofs_header, _io=None, _parent=None, _root=None):
            super(Crimg.Frame, self).__init__(_io)
            self._parent = _parent
            self._root = _root
            self.ofs_header = ofs_header
            self._should_write_blob = False
            self.blob__enabled = True
            self._should_write_header = False
            self.header__enabled = True
            self._should_write_index = False
            self.index__enabled = True
            self._should_write_objects = False
            self.objects__enabled = True
            self._should_write_pad_after = False
            self.pad_after__enabled = True
            self._should_write_pad_before = False
            self.pad_before__enabled = True
            self._should_write_pagemap = False
            self.pagemap__enabled = True
            self._should_write_pages = False
            self.pages__enabled = True
            self._should_write_raw_body = False
            self.raw_body__enabled = True
            self._should_write_trailer = False
            self.trailer__enabled = True

        def _read(self):
            pass
            self._dirty = False


        def _fetch_instances(self):
            pass
            _ = self.blob
            if hasattr(self, '_m_blob'):
                pass
                self._m_blob._fetch_instances()

            _ = self.header
            if hasattr(self, '_m_header'):
                pass
                self._m_header._fetch_instances()

            _ = self.index
            if hasattr(self, '_m_index'):
                pass
                self._m_index._fetch_instances()

            _ = self.objects
            if hasattr(self, '_m_objects'):
                pass
                self._m_objects._fetch_instances()

            _ = self.pad_after
            if hasattr(self, '_m_pad_after'):
                pass

            _ = self.pad_before
            if hasattr(self, '_m_pad_before'):
                pass

            _ = self.pagemap
            if hasattr(self, '_m_pagemap'):
                pass
                self._m_pagemap._fetch_instances()

            _ = self.pages
            if hasattr(self, '_m_pages'):
                pass

            _ = self.raw_body
            if hasattr(self, '_m_raw_body'):
                pass

            _ = self.trailer
            if hasattr(self, '_m_trailer'):
                pass
                self._m_trailer._fetch_instances()



        def _write__seq(self, io=None):
            super(Crimg.Frame, self)._write__seq(io)
            self._should_write_blob = self.blob__enabled
            self._should_write_header = self.header__enabled
            self._should_write_index = self.index__enabled
            self._should_write_objects = self.objects__enabled
            self._should_write_pad_after = self.pad_after__enabled
            self._should_write_pad_before = self.pad_before__enabled
            self._should_write_pagemap = self.pagemap__enabled
            self._should_write_pages = self.pages__enabled
            self._should_write_raw_body = self.raw_body__enabled
            self._should_write_trailer = self.trailer__enabled


        def _check(self):
            if self.blob__enabled:
                pass

            if self.header__enabled:
                pass

            if self.index__enabled:
                pass

            if self.objects__enabled:
                pass

            if self.pad_after__enabled:
                pass

            if self.pad_before__enabled:
                pass

            if self.pagemap__enabled:
                pass

            if self.pages__enabled:
                pass

            if self.raw_body__enabled:
                pass

            if self.trailer__enabled:
                pass

            self._dirty = False

        @property
        def blob(self):
            if self._should_write_blob:
                self._write_blob()
            if hasattr(self, '_m_blob'):
                return self._m_blob

            if not self.blob__enabled:
                return None

            if  ((self.is_plain) and (self.header.type == crimg_container.CrimgContainer.SectionType.blob)) :
                pass
                io = self._root._io
                _pos = io.pos()
                io.seek(self.ofs_body)
                self._raw__m_blob = io.read_bytes(self.header.len_stored)
                _io__raw__m_blob = KaitaiStream(BytesIO(self._raw__m_blob))
                self._m_blob = Crimg.BlobBody(_io__raw__m_blob, self, self._root)
                self._m_blob._read()
                io.seek(_pos)

            return getattr(self, '_m_blob', None)

        @blob.setter
        def blob(self, v):
            self._dirty = True
            self._m_blob = v

        def _write_blob(self):
            self._should_write_blob = False
            if  ((self.is_plain) and (self.header.type == crimg_container.CrimgContainer.SectionType.blob)) :
                pass
                io = self._root._io
                _pos = io.pos()
                io.seek(self.ofs_body)
                if self._m_blob._root != self._root:
                    raise kaitaistruct.ConsistencyError(u"blob", self._root, self._m_blob._root)
                if self._m_blob._parent != self:
                    raise kaitaistruct.ConsistencyError(u"blob", self, self._m_blob._parent)
                _io__raw__m_blob = KaitaiStream(BytesIO(bytearray(self.header.len_stored)))
                io.add_child_stream(_io__raw__m_blob)
                _pos2 = io.pos()
                io.seek(io.pos() + (self.header.len_stored))
                def handler(parent, _io__raw__m_blob=_io__raw__m_blob):
                    self._raw__m_blob = _io__raw__m_blob.to_byte_array()
                    if len(self._raw__m_blob) != self.header.len_stored:
                        raise kaitaistruct.ConsistencyError(u"raw(blob)", self.header.len_stored, len(self._raw__m_blob))
                    parent.write_bytes(self._raw__m_blob)
                _io__raw__m_blob.write_back_handler = KaitaiStream.WriteBackHandler(_pos2, handler)
                self._m_blob._write__seq(_io__raw__m_blob)
                io.seek(_pos)


        @property
        def header(self):
            if self._should_write_header:
                self._write_header()
            if hasattr(self, '_m_header'):
                return self._m_header

            if not self.header__enabled:
                return None

            io = self._root._io
            _pos = io.pos()
            io.seek(self.ofs_header)
            self._m_header = crimg_container.CrimgContainer.SectionHeader(io)
            self._m_header._read()
            io.seek(_pos)
            return getattr(self, '_m_header', None)

        @header.setter
        def header(self, v):
            self._dirty = True
            self._m_header = v

        def _write_header(self):
            self._should_write_header = False
            io = self._root._io
            _pos = io.pos()
            io.seek(self.ofs_header)
            self._m_header._write__seq(io)
            io.seek(_pos)

        @property
        def index(self):
            if self._should_write_index:
                self._write_index()
            if hasattr(self, '_m_index'):
                return self._m_index

            if not self.index__enabled:
                return None

            if  ((self.is_plain) and (self.header.type == crimg_container.CrimgContainer.SectionType.index)) :
                pass
                io = self._root._io
                _pos = io.pos()
                io.seek(self.ofs_body)
                self._raw__m_index = io.read_bytes(self.header.len_stored)
                _io__raw__m_index = KaitaiStream(BytesIO(self._raw__m_index))
                self._m_index = crimg_container.CrimgContainer.IndexBody(_io__raw__m_index)
                self._m_index._read()
                io.seek(_pos)

            return getattr(self, '_m_index', None)

        @index.setter
        def index(self, v):
            self._dirty = True
            self._m_index = v

        def _write_index(self):
            self._should_write_index = False
            if  ((self.is_plain) and (self.header.type == crimg_container.CrimgContainer.SectionType.index)) :
                pass
                io = self._root._io
                _pos = io.pos()
                io.seek(self.ofs_body)
                _io__raw__m_index = KaitaiStream(BytesIO(bytearray(self.header.len_stored)))
                io.add_child_stream(_io__raw__m_index)
                _pos2 = io.pos()
                io.seek(io.pos() + (self.header.len_stored))
                def handler(parent, _io__raw__m_index=_io__raw__m_index):
                    self._raw__m_index = _io__raw__m_index.to_byte_array()
                    if len(self._raw__m_index) != self.header.len_stored:
                        raise kaitaistruct.ConsistencyError(u"raw(index)", self.header.len_stored, len(self._raw__m_index))
                    parent.write_bytes(self._raw__m_index)
                _io__raw__m_index.write_back_handler = KaitaiStream.WriteBackHandler(_pos2, handler)
                self._m_index._write__seq(_io__raw__m_index)
                io.seek(_pos)


        @property
        def is_plain(self):
            if hasattr(self, '_m_is_plain'):
                return self._m_is_plain

            self._m_is_plain = self.header.codec == crimg_container.CrimgContainer.Codec.none
            return getattr(self, '_m_is_plain', None)

        def _invalidate_is_plain(self):
            del self._m_is_plain
        @property
        def len_pad_after(self):
            if hasattr(self, '_m_len_pad_after'):
                return self._m_len_pad_after

            self._m_len_pad_after = -(self.header.len_stored) % 8
            return getattr(self, '_m_len_pad_after', None)

        def _invalidate_len_pad_after(self):
            del self._m_len_pad_after
        @property
        def len_pad_before(self):
            if hasattr(self, '_m_len_pad_before'):
                return self._m_len_pad_before

            self._m_len_pad_before = -(self.ofs_header + 48) % (1 << self.header.align_log2)
            return getattr(self, '_m_len_pad_before', None)

        def _invalidate_len_pad_before(self):
            del self._m_len_pad_before
        @property
        def objects(self):
            """The rows. LOG holds rows of kind log_entry, HISTORY of history_entry, OBJECTS of all others; where
            header.kind is not 0, all rows of the section are of that kind.
            """
            if self._should_write_objects:
                self._write_objects()
            if hasattr(self, '_m_objects'):
                return self._m_objects

            if not self.objects__enabled:
                return None

            if  ((self.is_plain) and ( ((self.header.type == crimg_container.CrimgContainer.SectionType.objects) or (self.header.type == crimg_container.CrimgContainer.SectionType.log) or (self.header.type == crimg_container.CrimgContainer.SectionType.history)) )) :
                pass
                io = self._root._io
                _pos = io.pos()
                io.seek(self.ofs_body)
                self._raw__m_objects = io.read_bytes(self.header.len_stored)
                _io__raw__m_objects = KaitaiStream(BytesIO(self._raw__m_objects))
                self._m_objects = crimg_tables.CrimgTables.Batches(_io__raw__m_objects)
                self._m_objects._read()
                io.seek(_pos)

            return getattr(self, '_m_objects', None)

        @objects.setter
        def objects(self, v):
            self._dirty = True
            self._m_objects = v

        def _write_objects(self):
            self._should_write_objects = False
            if  ((self.is_plain) and ( ((self.header.type == crimg_container.CrimgContainer.SectionType.objects) or (self.header.type == crimg_container.CrimgContainer.SectionType.log) or (self.header.type == crimg_container.CrimgContainer.SectionType.history)) )) :
                pass
                io = self._root._io
                _pos = io.pos()
                io.seek(self.ofs_body)
                _io__raw__m_objects = KaitaiStream(BytesIO(bytearray(self.header.len_stored)))
                io.add_child_stream(_io__raw__m_objects)
                _pos2 = io.pos()
                io.seek(io.pos() + (self.header.len_stored))
                def handler(parent, _io__raw__m_objects=_io__raw__m_objects):
                    self._raw__m_objects = _io__raw__m_objects.to_byte_array()
                    if len(self._raw__m_objects) != self.header.len_stored:
                        raise kaitaistruct.ConsistencyError(u"raw(objects)", self.header.len_stored, len(self._raw__m_objects))
                    parent.write_bytes(self._raw__m_objects)
                _io__raw__m_objects.write_back_handler = KaitaiStream.WriteBackHandler(_pos2, handler)
                self._m_objects._write__seq(_io__raw__m_objects)
                io.seek(_pos)


        @property
        def ofs_body(self):
            """A multiple of 1 << header.align_log2."""
            if hasattr(self, '_m_ofs_body'):
                return self._m_ofs_body

            self._m_ofs_body = (self.ofs_header + 48) + self.len_pad_before
            return getattr(self, '_m_ofs_body', None)

        def _invalidate_ofs_body(self):
            del self._m_ofs_body
        @property
        def ofs_next(self):
            """Where the next section's header stands, or the file ends."""
            if hasattr(self, '_m_ofs_next'):
                return self._m_ofs_next

            self._m_ofs_next = (self.ofs_body + self.header.len_stored) + self.len_pad_after
            return getattr(self, '_m_ofs_next', None)

        def _invalidate_ofs_next(self):
            del self._m_ofs_next
        @property
        def pad_after(self):
            if self._should_write_pad_after:
                self._write_pad_after()
            if hasattr(self, '_m_pad_after'):
                return self._m_pad_after

            if not self.pad_after__enabled:
                return None

            if self.len_pad_after != 0:
                pass
                io = self._root._io
                _pos = io.pos()
                io.seek(self.ofs_body + self.header.len_stored)
                self._m_pad_after = io.read_bytes(self.len_pad_after)
                _ = self._m_pad_after
                if not KaitaiStream.byte_array_max(_) == 0:
                    raise kaitaistruct.ValidationExprError(self._m_pad_after, self._io, u"/types/frame/instances/pad_after")
                io.seek(_pos)

            return getattr(self, '_m_pad_after', None)

        @pad_after.setter
        def pad_after(self, v):
            self._dirty = True
            self._m_pad_after = v

        def _write_pad_after(self):
            self._should_write_pad_after = False
            if self.len_pad_after != 0:
                pass
                io = self._root._io
                _pos = io.pos()
                io.seek(self.ofs_body + self.header.len_stored)
                if len(self._m_pad_after) != self.len_pad_after:
                    raise kaitaistruct.ConsistencyError(u"pad_after", self.len_pad_after, len(self._m_pad_after))
                io.write_bytes(self._m_pad_after)
                io.seek(_pos)


        @property
        def pad_before(self):
            if self._should_write_pad_before:
                self._write_pad_before()
            if hasattr(self, '_m_pad_before'):
                return self._m_pad_before

            if not self.pad_before__enabled:
                return None

            if self.len_pad_before != 0:
                pass
                io = self._root._io
                _pos = io.pos()
                io.seek(self.ofs_header + 48)
                self._m_pad_before = io.read_bytes(self.len_pad_before)
                _ = self._m_pad_before
                if not KaitaiStream.byte_array_max(_) == 0:
                    raise kaitaistruct.ValidationExprError(self._m_pad_before, self._io, u"/types/frame/instances/pad_before")
                io.seek(_pos)

            return getattr(self, '_m_pad_before', None)

        @pad_before.setter
        def pad_before(self, v):
            self._dirty = True
            self._m_pad_before = v

        def _write_pad_before(self):
            self._should_write_pad_before = False
            if self.len_pad_before != 0:
                pass
                io = self._root._io
                _pos = io.pos()
                io.seek(self.ofs_header + 48)
                if len(self._m_pad_before) != self.len_pad_before:
                    raise kaitaistruct.ConsistencyError(u"pad_before", self.len_pad_before, len(self._m_pad_before))
                io.write_bytes(self._m_pad_before)
                io.seek(_pos)


        @property
        def pagemap(self):
            if self._should_write_pagemap:
                self._write_pagemap()
            if hasattr(self, '_m_pagemap'):
                return self._m_pagemap

            if not self.pagemap__enabled:
                return None

            if  ((self.is_plain) and (self.header.type == crimg_container.CrimgContainer.SectionType.pagemap)) :
                pass
                io = self._root._io
                _pos = io.pos()
                io.seek(self.ofs_body)
                self._raw__m_pagemap = io.read_bytes(self.header.len_stored)
                _io__raw__m_pagemap = KaitaiStream(BytesIO(self._raw__m_pagemap))
                self._m_pagemap = crimg_container.CrimgContainer.PagemapBody(_io__raw__m_pagemap)
                self._m_pagemap._read()
                io.seek(_pos)

            return getattr(self, '_m_pagemap', None)

        @pagemap.setter
        def pagemap(self, v):
            self._dirty = True
            self._m_pagemap = v

        def _write_pagemap(self):
            self._should_write_pagemap = False
            if  ((self.is_plain) and (self.header.type == crimg_container.CrimgContainer.SectionType.pagemap)) :
                pass
                io = self._root._io
                _pos = io.pos()
                io.seek(self.ofs_body)
                _io__raw__m_pagemap = KaitaiStream(BytesIO(bytearray(self.header.len_stored)))
                io.add_child_stream(_io__raw__m_pagemap)
                _pos2 = io.pos()
                io.seek(io.pos() + (self.header.len_stored))
                def handler(parent, _io__raw__m_pagemap=_io__raw__m_pagemap):
                    self._raw__m_pagemap = _io__raw__m_pagemap.to_byte_array()
                    if len(self._raw__m_pagemap) != self.header.len_stored:
                        raise kaitaistruct.ConsistencyError(u"raw(pagemap)", self.header.len_stored, len(self._raw__m_pagemap))
                    parent.write_bytes(self._raw__m_pagemap)
                _io__raw__m_pagemap.write_back_handler = KaitaiStream.WriteBackHandler(_pos2, handler)
                self._m_pagemap._write__seq(_io__raw__m_pagemap)
                io.seek(_pos)


        @property
        def pages(self):
            """Whole pages. align_log2 is then at least the binary logarithm of the page size, so that they can be
            mapped.
            """
            if self._should_write_pages:
                self._write_pages()
            if hasattr(self, '_m_pages'):
                return self._m_pages

            if not self.pages__enabled:
                return None

            if  ((self.is_plain) and (self.header.type == crimg_container.CrimgContainer.SectionType.pages)) :
                pass
                io = self._root._io
                _pos = io.pos()
                io.seek(self.ofs_body)
                self._m_pages = io.read_bytes(self.header.len_stored)
                io.seek(_pos)

            return getattr(self, '_m_pages', None)

        @pages.setter
        def pages(self, v):
            self._dirty = True
            self._m_pages = v

        def _write_pages(self):
            self._should_write_pages = False
            if  ((self.is_plain) and (self.header.type == crimg_container.CrimgContainer.SectionType.pages)) :
                pass
                io = self._root._io
                _pos = io.pos()
                io.seek(self.ofs_body)
                if len(self._m_pages) != self.header.len_stored:
                    raise kaitaistruct.ConsistencyError(u"pages", self.header.len_stored, len(self._m_pages))
                io.write_bytes(self._m_pages)
                io.seek(_pos)


        @property
        def raw_body(self):
            """The body as it is stored; header.checksum is the XXH3-64 of it."""
            if self._should_write_raw_body:
                self._write_raw_body()
            if hasattr(self, '_m_raw_body'):
                return self._m_raw_body

            if not self.raw_body__enabled:
                return None

            io = self._root._io
            _pos = io.pos()
            io.seek(self.ofs_body)
            self._m_raw_body = io.read_bytes(self.header.len_stored)
            io.seek(_pos)
            return getattr(self, '_m_raw_body', None)

        @raw_body.setter
        def raw_body(self, v):
            self._dirty = True
            self._m_raw_body = v

        def _write_raw_body(self):
            self._should_write_raw_body = False
            io = self._root._io
            _pos = io.pos()
            io.seek(self.ofs_body)
            if len(self._m_raw_body) != self.header.len_stored:
                raise kaitaistruct.ConsistencyError(u"raw_body", self.header.len_stored, len(self._m_raw_body))
            io.write_bytes(self._m_raw_body)
            io.seek(_pos)

        @property
        def trailer(self):
            if self._should_write_trailer:
                self._write_trailer()
            if hasattr(self, '_m_trailer'):
                return self._m_trailer

            if not self.trailer__enabled:
                return None

            if  ((self.is_plain) and (self.header.type == crimg_container.CrimgContainer.SectionType.trailer)) :
                pass
                io = self._root._io
                _pos = io.pos()
                io.seek(self.ofs_body)
                self._raw__m_trailer = io.read_bytes(self.header.len_stored)
                _io__raw__m_trailer = KaitaiStream(BytesIO(self._raw__m_trailer))
                self._m_trailer = crimg_container.CrimgContainer.TrailerBody(_io__raw__m_trailer)
                self._m_trailer._read()
                io.seek(_pos)

            return getattr(self, '_m_trailer', None)

        @trailer.setter
        def trailer(self, v):
            self._dirty = True
            self._m_trailer = v

        def _write_trailer(self):
            self._should_write_trailer = False
            if  ((self.is_plain) and (self.header.type == crimg_container.CrimgContainer.SectionType.trailer)) :
                pass
                io = self._root._io
                _pos = io.pos()
                io.seek(self.ofs_body)
                _io__raw__m_trailer = KaitaiStream(BytesIO(bytearray(self.header.len_stored)))
                io.add_child_stream(_io__raw__m_trailer)
                _pos2 = io.pos()
                io.seek(io.pos() + (self.header.len_stored))
                def handler(parent, _io__raw__m_trailer=_io__raw__m_trailer):
                    self._raw__m_trailer = _io__raw__m_trailer.to_byte_array()
                    if len(self._raw__m_trailer) != self.header.len_stored:
                        raise kaitaistruct.ConsistencyError(u"raw(trailer)", self.header.len_stored, len(self._raw__m_trailer))
                    parent.write_bytes(self._raw__m_trailer)
                _io__raw__m_trailer.write_back_handler = KaitaiStream.WriteBackHandler(_pos2, handler)
                self._m_trailer._write__seq(_io__raw__m_trailer)
                io.seek(_pos)



    @property
    def frames(self):
        """All sections in the order of the file. The last one has to end where the file ends."""
        if self._should_write_frames:
            self._write_frames()
        if hasattr(self, '_m_frames'):
            return self._m_frames

        if not self.frames__enabled:
            return None

        _pos = self._io.pos()
        self._io.seek(64)
        self._m_frames = []
        i = 0
        while True:
            _t__m_frames = Crimg.Frame((64 if i == 0 else self.frames[i - 1].ofs_next), self._io, self, self._root)
            try:
                _t__m_frames._read()
            finally:
                _ = _t__m_frames
                self._m_frames.append(_)
            if _.ofs_next >= self._io.size():
                break
            i += 1
        self._io.seek(_pos)
        return getattr(self, '_m_frames', None)

    @frames.setter
    def frames(self, v):
        self._dirty = True
        self._m_frames = v

    def _write_frames(self):
        self._should_write_frames = False
        _pos = self._io.pos()
        self._io.seek(64)
        for i in range(len(self._m_frames)):
            pass
            if self._m_frames[i].ofs_header != (64 if i == 0 else self.frames[i - 1].ofs_next):
                raise kaitaistruct.ConsistencyError(u"frames", (64 if i == 0 else self.frames[i - 1].ofs_next), self._m_frames[i].ofs_header)
            self._m_frames[i]._write__seq(self._io)
            _ = self._m_frames[i]
            if (_.ofs_next >= self._io.size()) != (i == len(self._m_frames) - 1):
                raise kaitaistruct.ConsistencyError(u"frames", i == len(self._m_frames) - 1, _.ofs_next >= self._io.size())

        self._io.seek(_pos)

    @property
    def index(self):
        """The INDEX section that it leads to, which lists the sections of this revision and of those before."""
        if self._should_write_index:
            self._write_index()
        if hasattr(self, '_m_index'):
            return self._m_index

        if not self.index__enabled:
            return None

        self._m_index = Crimg.Frame(self.trailer.ofs_index, self._io, self, self._root)
        self._m_index._read()
        return getattr(self, '_m_index', None)

    @index.setter
    def index(self, v):
        self._dirty = True
        self._m_index = v

    def _write_index(self):
        self._should_write_index = False
        if self._m_index.ofs_header != self.trailer.ofs_index:
            raise kaitaistruct.ConsistencyError(u"index", self.trailer.ofs_index, self._m_index.ofs_header)
        self._m_index._write__seq(self._io)

    @property
    def trailer(self):
        """Of the newest revision. The file ends in it; bytes behind the last trailer are a revision cut short."""
        if self._should_write_trailer:
            self._write_trailer()
        if hasattr(self, '_m_trailer'):
            return self._m_trailer

        if not self.trailer__enabled:
            return None

        _pos = self._io.pos()
        self._io.seek(self._io.size() - 64)
        self._m_trailer = crimg_container.CrimgContainer.TrailerBody(self._io)
        self._m_trailer._read()
        self._io.seek(_pos)
        return getattr(self, '_m_trailer', None)

    @trailer.setter
    def trailer(self, v):
        self._dirty = True
        self._m_trailer = v

    def _write_trailer(self):
        self._should_write_trailer = False
        _pos = self._io.pos()
        self._io.seek(self._io.size() - 64)
        self._m_trailer._write__seq(self._io)
        self._io.seek(_pos)


