/* The operations for one instruction set: the backend's table, and what the CPU has beside it. */
#ifndef SCANFORMER_CPU_ISA_TABLE_H
#define SCANFORMER_CPU_ISA_TABLE_H

#include "panel_matmul.h"
#include "scanformer_backend.h"

struct IsaTable {
    sf_backend backend;
    PanelMatmul panel_matmul; /* NULL where oneDNN is to multiply */
};

/* Each is compiled from cpu/ops for its instruction set; those of one architecture are there. */
namespace cpu::x86_64 {
extern const IsaTable table;
}
namespace cpu::x86_64_v3 {
extern const IsaTable table;
}
namespace cpu::x86_64_v4 {
extern const IsaTable table;
}
namespace cpu::armv8_a {
extern const IsaTable table;
}

/* The backend's functions that are the same for all. */
namespace cpu {
SF_DECLARE_DEVICE_FUNCTIONS
}  // namespace cpu

#endif
