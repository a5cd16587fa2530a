/*
 * What is used of cuBLASLt 13's C interface (cublasLt.h; opaque handles are plain pointers), so that only the library
 * is needed and not its headers.
 */
#ifndef SCANFORMER_GPU_CUBLASLT_H
#define SCANFORMER_GPU_CUBLASLT_H

#include <cstddef>
#include <cstdint>

namespace cublaslt {

enum Status { kSuccess = 0, kNotSupported = 15 };
enum Compute { kCompute32F = 68, kCompute32FFastTf32 = 77 };
enum DataType { kR32F = 0, kR16F = 2, kR16BF = 14 };
enum DescAttribute { kTransA = 3, kEpilogue = 7, kBiasPointer = 8 };
enum PreferenceAttribute { kMaxWorkspaceBytes = 1, kReductionSchemes = 3, kMinAlignmentA = 5, kMinAlignmentD = 8 };
constexpr uint32_t kReductionComputeType = 2;
constexpr uint32_t kEpilogueDefault = 1, kEpilogueBias = 4;
constexpr int32_t kOperationT = 1;

struct Algorithm {
    uint64_t data[8];
};

struct Heuristic {
    Algorithm algorithm;
    size_t workspace;
    int state;
    float waves;
    int reserved[4];
};
static_assert(sizeof(Algorithm) == 64 && sizeof(Heuristic) == 96, "the sizes of cublasLt.h");

extern "C" {
size_t cublasLtGetVersion();
int cublasLtCreate(void** handle);
int cublasLtDestroy(void* handle);
int cublasLtMatmulDescCreate(void** desc, int compute, int scale_type);
int cublasLtMatmulDescDestroy(void* desc);
int cublasLtMatmulDescSetAttribute(void* desc, int attribute, const void* value, size_t bytes);
int cublasLtMatrixLayoutCreate(void** layout, int type, uint64_t rows, uint64_t columns, int64_t leading);
int cublasLtMatrixLayoutDestroy(void* layout);
int cublasLtMatmulPreferenceCreate(void** preference);
int cublasLtMatmulPreferenceDestroy(void* preference);
int cublasLtMatmulPreferenceSetAttribute(void* preference, int attribute, const void* value, size_t bytes);
int cublasLtMatmulAlgoGetHeuristic(void* handle, void* desc, void* a, void* b, void* c, void* d, void* preference,
                                   int requested, Heuristic* results, int* found);
int cublasLtMatmul(void* handle, void* desc, const void* alpha, const void* a, void* a_layout, const void* b,
                   void* b_layout, const void* beta, const void* c, void* c_layout, void* d, void* d_layout,
                   const Algorithm* algorithm, void* workspace, size_t workspace_bytes, void* queue);
}

}  // namespace cublaslt

#endif
