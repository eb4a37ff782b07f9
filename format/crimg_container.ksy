meta:
  id: crimg_container
  title: crimg image, the container
  file-extension: crimg
  license: Apache-2.0
  ks-version: '0.11'
  endian: le
doc: |
  The fixed-size structures of a crimg image: what a reader needs to find its way in the file, and nothing
  of what the sections hold. Programs that open images in production read these through the generated
  classes; crimg.ksy puts them together to the whole file.

  Every checksum is XXH3 with 64 bits and seed 0, as a little-endian number. Kaitai Struct cannot compute
  it: a reader has to.
doc-ref: specs/format.md
types:
  file_header:
    doc: The first 64 bytes of the file.
    seq:
      - id: magic
        contents: [0x89, CRI, 0x0d, 0x0a, 0x1a, 0x0a]
        doc: |
          The top bit of the first byte, CR LF, Ctrl-Z and LF do not survive a transfer as text, so that such
          damage shows at once.
      - id: version_major
        type: u2
        valid: 1
        doc: A reader refuses a number that it does not know.
      - id: version_minor
        type: u2
        doc: |
          0 in this version. A greater one only adds what readers of 1.0 may skip: ancillary sections, ancillary
          kinds, keys of `extra`.
      - id: machine
        type: u2
        enum: machine
        valid: machine::x86_64
        doc: Machine of the checkpoint, e_machine of elf(5). It fixes the layout of registers.
      - id: reserved
        type: u2
        valid: 0
        doc: Zero.
      - id: page_size
        type: u4
        valid:
          any-of: [4096, 8192, 16384, 32768, 65536]
        doc: Bytes in a page of memory; the unit of PAGEMAP and PAGES.
      - id: flags
        type: u4
        valid: 0
        doc: No flag is defined; a reader refuses bits that it does not know.
      - id: uuid
        size: 16
        doc: Random bytes that name the image; they stay the same in all its revisions.
      - id: created
        type: s8
        doc: When the image was begun, nanoseconds since the epoch (CLOCK_REALTIME).
      - id: reserved2
        type: u8
        valid: 0
        doc: Zero.
      - id: checksum
        type: u8
        doc: XXH3-64 of the 56 bytes before it.
  section_header:
    doc: |
      48 bytes before the body of a section. They begin at a multiple of 8. Behind them come zero bytes up to
      the next multiple of `1 << align_log2`, the body, and zero bytes up to the next multiple of 8.
    seq:
      - id: magic
        contents: [0xa7, SEC]
      - id: type
        type: u2
        enum: section_type
        doc: What the body is. A number without a name is allowed, see `flags`.
      - id: flags
        type: u2
        valid:
          any-of: [0, 1]
        doc: |
          Bit 0, critical: a reader that does not know `type` refuses the image. Clear, ancillary: it skips the
          section, and a rewriter carries it along unchanged. The other bits are zero.
      - id: codec
        type: u1
        enum: codec
        doc: |
          How the body is stored. A body of a codec without a name cannot be read; an ancillary section
          of such a codec is skipped and carried along.
      - id: align_log2
        type: u1
        valid:
          min: 3
          max: 21
        doc: The body starts at a multiple of 1 << align_log2 bytes of the file.
      - id: kind
        type: u2
        valid:
          expr: >-
            _ == 0 or type == section_type::objects or (type == section_type::log and _ == 30)
            or (type == section_type::history and _ == 31)
        doc: The one kind that all rows of the section have; 0 for mixed kinds, and for sections without rows.
      - id: id
        type: u4
        valid:
          min: 1
          max: 0xfffffff0
        doc: Number of the section, unique in the file.
      - id: len_stored
        type: u8
        doc: Length of the body in the file, bytes.
      - id: len_raw
        type: u8
        valid:
          expr: 'codec == codec::none ? _ == len_stored : _ <= 16777216'
        doc: Length of the body when decoded, bytes; at most 16 MiB for any codec but none.
      - id: checksum
        type: u8
        doc: XXH3-64 of the stored body.
      - id: header_checksum
        type: u8
        doc: XXH3-64 of the 40 bytes before it.
    instances:
      is_critical:
        value: flags % 2 == 1
  index_entry:
    doc: 48 bytes for one section; what its header says, and where that is.
    seq:
      - id: type
        type: u2
        enum: section_type
        valid:
          expr: _ != section_type::index and _ != section_type::trailer
        doc: As in the section's header. INDEX and TRAILER sections are not listed.
      - id: flags
        type: u2
        valid:
          any-of: [0, 1]
        doc: As in the section's header.
      - id: codec
        type: u1
        enum: codec
        doc: As in the section's header.
      - id: align_log2
        type: u1
        valid:
          min: 3
          max: 21
        doc: As in the section's header.
      - id: kind
        type: u2
        valid:
          expr: >-
            _ == 0 or type == section_type::objects or (type == section_type::log and _ == 30)
            or (type == section_type::history and _ == 31)
        doc: As in the section's header.
      - id: id
        type: u4
        valid:
          min: 1
          max: 0xfffffff0
        doc: As in the section's header.
      - id: revision
        type: u4
        valid:
          min: 1
        doc: Number of the revision that brought the section.
      - id: ofs_header
        type: u8
        valid:
          expr: _ >= 64 and _ % 8 == 0
        doc: Offset of the section's header in the file.
      - id: len_stored
        type: u8
        doc: As in the section's header.
      - id: len_raw
        type: u8
        valid:
          expr: 'codec == codec::none ? _ == len_stored : _ <= 16777216'
        doc: As in the section's header.
      - id: checksum
        type: u8
        doc: As in the section's header.
  index_body:
    doc: |
      Body of an INDEX section, codec none: the sections of this revision and of all before it, in the order of
      the file.
    seq:
      - id: entries
        type: index_entry
        repeat: eos
  trailer_body:
    doc: Body of a TRAILER section, codec none, align_log2 3. The last 64 bytes of the file are one.
    seq:
      - id: magic
        contents: [0x89, CRT, 0x0d, 0x0a, 0x1a, 0x0a]
      - id: revision
        type: u4
        valid:
          min: 1
        doc: Number of the revision that ends here, from 1.
      - id: num_sections
        type: u4
        doc: Entries of the index.
      - id: ofs_index
        type: u8
        valid:
          expr: _ >= 64 and _ % 8 == 0
        doc: Offset of the header of this revision's INDEX section.
      - id: len_index
        type: u8
        valid:
          expr: _ == num_sections * 48
        doc: Length of its body, bytes.
      - id: ofs_prev_trailer
        type: u8
        valid:
          expr: '_ == 0 ? revision == 1 : revision > 1 and _ >= 64 and _ % 8 == 0 and _ < ofs_index'
        doc: Offset of the header of the TRAILER section of the revision before, 0 in the first revision.
      - id: header_checksum
        type: u8
        doc: XXH3-64 of the 64 bytes of the file header; ties the trailer to this file.
      - id: index_checksum
        type: u8
        doc: XXH3-64 of the body of the INDEX section.
      - id: checksum
        type: u8
        doc: XXH3-64 of the 56 bytes before it.
  pagemap_run:
    doc: 24 bytes for a stretch of pages with one origin.
    seq:
      - id: first_page
        type: u8
        doc: Number of the first page, its address divided by the page size.
      - id: num_pages
        type: u8
        valid:
          min: 1
        doc: Pages in the stretch.
      - id: pages_id
        type: u4
        valid:
          expr: _ <= 0xfffffff0 or _ >= 0xfffffffe
        doc: Id of the PAGES section with their contents, or one of `pages_origin`.
      - id: first_index
        type: u4
        valid:
          expr: (pages_id >= 1 and pages_id <= 0xfffffff0) or _ == 0
        doc: Which page of that section's decoded body is the first one, from 0; 0 where there is no section.
    instances:
      origin:
        value: pages_id
        enum: pages_origin
        doc: Where the contents are; a number without a name is the id of a PAGES section.
  pagemap_body:
    doc: Decoded body of a PAGEMAP section. Sorted by first_page, no page twice.
    seq:
      - id: runs
        type: pagemap_run
        repeat: eos
  blob_extent:
    doc: 16 bytes for a stretch of a kept file that is no hole.
    seq:
      - id: ofs
        type: u8
        doc: Offset in the kept file, bytes.
      - id: len
        type: u8
        valid:
          min: 1
        doc: Length, bytes.
  blob_prefix:
    doc: |
      Start of the decoded body of a BLOB section. The data of the extents follow, one after the other without
      gaps. What no extent covers is a hole. Extents are sorted by offset and do not overlap.
    seq:
      - id: num_extents
        type: u4
        doc: Number of extents.
      - id: reserved
        type: u4
        valid: 0
        doc: Zero.
      - id: extents
        type: blob_extent
        repeat: expr
        repeat-expr: num_extents
enums:
  machine:
    62:
      id: x86_64
      doc: EM_X86_64.
  section_type:
    1:
      id: objects
      doc: Batches of rows of the tables (crimg_tables.ksy).
    2:
      id: pagemap
      doc: Where the saved pages of one address space are.
    3:
      id: pages
      doc: Contents of pages.
    4:
      id: blob
      doc: Contents of a deleted file or of a pipe, with its holes.
    5:
      id: log
      doc: Batches of log_entry rows.
    6:
      id: history
      doc: Batches of history_entry rows.
    7:
      id: index
      doc: The last section but one of a revision; lists the others.
    8:
      id: trailer
      doc: The last section of a revision.
  codec:
    0:
      id: none
      doc: The body as it is.
    1:
      id: zstd
      doc: One Zstandard frame (RFC 8878) that states the content size, which equals len_raw.
  pages_origin:
    0:
      id: parent
      doc: In the parent image, at the same address.
    0xfffffffe:
      id: guard
      doc: Guard pages, which fault on access (MADV_GUARD_INSTALL of madvise(2)).
    0xffffffff:
      id: zeros
      doc: Zero bytes.
