meta:
  id: crimg
  title: crimg image
  file-extension: crimg
  license: Apache-2.0
  ks-version: '0.11'
  endian: le
  imports:
    - crimg_container
    - crimg_tables
doc: |
  An image of checkpointed Linux tasks, whole: every byte of the file is in here. A 64-byte header, then
  sections one behind the other. Each revision of the image ends in an INDEX and a TRAILER section, and so
  does the file. Memory pages and contents of files are not read until they are asked for.

  What a schema cannot say is said in `doc`, and whole in specs/format.md: checksums (XXH3-64), bodies stored
  with zstd, and that the index agrees with the sections.
doc-ref: specs/format.md
seq:
  - id: header
    type: crimg_container::file_header
instances:
  trailer:
    pos: _io.size - 64
    type: crimg_container::trailer_body
    doc: Of the newest revision. The file ends in it; bytes behind the last trailer are a revision cut short.
  index:
    type: frame(trailer.ofs_index)
    doc: The INDEX section that it leads to, which lists the sections of this revision and of those before.
  frames:
    type: 'frame(_index == 0 ? 64 : frames[_index - 1].ofs_next)'
    pos: 64
    repeat: until
    repeat-until: _.ofs_next >= _io.size
    doc: All sections in the order of the file. The last one has to end where the file ends.
types:
  frame:
    doc: A section with its padding.
    params:
      - id: ofs_header
        type: u8
        doc: Offset of the section's header in the file, a multiple of 8.
    instances:
      header:
        io: _root._io
        pos: ofs_header
        type: crimg_container::section_header
      len_pad_before:
        value: (-(ofs_header + 48)) % (1 << header.align_log2)
      pad_before:
        io: _root._io
        pos: ofs_header + 48
        size: len_pad_before
        if: len_pad_before != 0
        valid:
          expr: _.max == 0
      ofs_body:
        value: ofs_header + 48 + len_pad_before
        doc: A multiple of 1 << header.align_log2.
      raw_body:
        io: _root._io
        pos: ofs_body
        size: header.len_stored
        doc: The body as it is stored; header.checksum is the XXH3-64 of it.
      len_pad_after:
        value: (-header.len_stored) % 8
      pad_after:
        io: _root._io
        pos: ofs_body + header.len_stored
        size: len_pad_after
        if: len_pad_after != 0
        valid:
          expr: _.max == 0
      ofs_next:
        value: ofs_body + header.len_stored + len_pad_after
        doc: Where the next section's header stands, or the file ends.
      is_plain:
        value: header.codec == crimg_container::codec::none
      objects:
        io: _root._io
        pos: ofs_body
        size: header.len_stored
        type: crimg_tables::batches
        if: >-
          is_plain and (header.type == crimg_container::section_type::objects
          or header.type == crimg_container::section_type::log
          or header.type == crimg_container::section_type::history)
        doc: |
          The rows. LOG holds rows of kind log_entry, HISTORY of history_entry, OBJECTS of all others; where
          header.kind is not 0, all rows of the section are of that kind.
      pagemap:
        io: _root._io
        pos: ofs_body
        size: header.len_stored
        type: crimg_container::pagemap_body
        if: is_plain and header.type == crimg_container::section_type::pagemap
      pages:
        io: _root._io
        pos: ofs_body
        size: header.len_stored
        if: is_plain and header.type == crimg_container::section_type::pages
        doc: |
          Whole pages. align_log2 is then at least the binary logarithm of the page size, so that they can be
          mapped.
      blob:
        io: _root._io
        pos: ofs_body
        size: header.len_stored
        type: blob_body
        if: is_plain and header.type == crimg_container::section_type::blob
      index:
        io: _root._io
        pos: ofs_body
        size: header.len_stored
        type: crimg_container::index_body
        if: is_plain and header.type == crimg_container::section_type::index
      trailer:
        io: _root._io
        pos: ofs_body
        size: header.len_stored
        type: crimg_container::trailer_body
        if: is_plain and header.type == crimg_container::section_type::trailer
  blob_body:
    doc: Contents of a file, or a stretch of them.
    seq:
      - id: prefix
        type: crimg_container::blob_prefix
      - id: data
        size-eos: true
        doc: The bytes of the extents, in their order and nothing else.
