/*
 * The backend's table for one instruction set. The files of this folder are compiled once for each, with SF_ISA naming
 * its namespace and SF_ISA_LEVEL its level. Nothing of the standard library is instantiated in them: the linker
 * keeps one copy of a template, and one compiled for a newer instruction set must not end up in code for an older one.
 */
#include "../isa_table.h"

namespace cpu::SF_ISA {

#define SF_DECLARE(operation) decltype(sf_##operation) operation;
SF_OPERATIONS(SF_DECLARE)
#undef SF_DECLARE

#ifdef SF_PANEL_MATMUL
void panel_matmul(const PanelProduct& task, Team* team);
#endif

#define SF_ENTRY(operation) operation,
const IsaTable table = {
    {sizeof(sf_backend), "CPU", true, probe, stream_create, stream_destroy, synchronize, memory_available, allocate,
     cpu::free, upload, download, SF_OPERATIONS(SF_ENTRY)},
#ifdef SF_PANEL_MATMUL
    panel_matmul,
#else
    nullptr,
#endif
};

}  // namespace cpu::SF_ISA
