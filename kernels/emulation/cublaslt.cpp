/*
 * cuBLASLt on host memory, as far as the backend uses it: a library of the same name and numbers (cublasLt.h of CUDA
 * 13) that multiplies in plain loops. What a call hands over is checked more strictly than cuBLASLt does, and a call
 * that makes no sense is refused with a line on standard error. Products go through the emulated queue, so they are
 * captured.
 */
#include <cstdio>
#include <vector>

#include "element.cuh"

namespace {

enum Status { kSuccess = 0, kInvalidValue = 7, kNotSupported = 15 };
enum Compute { kCompute32F = 68, kCompute32FFastTf32 = 77 };
enum DataType { kR32F = 0, kR16F = 2, kR16BF = 14 };
enum DescAttribute { kTransA = 3, kEpilogue = 7, kBiasPointer = 8 };
enum PreferenceAttribute { kMaxWorkspaceBytes = 1, kReductionSchemes = 3, kMinAlignmentA = 5, kMinAlignmentD = 8 };
/* Of the schemes by which partial sums are added up, the one that keeps them in the type of the computation. */
constexpr uint32_t kReductionComputeType = 2;
constexpr uint32_t kEpilogueDefault = 1, kEpilogueBias = 4;
constexpr int kOperationT = 1;
constexpr size_t kVersion = 130100;
constexpr int kAlgorithms = 3;

struct Handle {
    uint64_t mark;
};
constexpr uint64_t kMark = 0x5343414e464f524d;

struct Desc {
    int compute;
    int transposed_a = 0;
    uint32_t epilogue = kEpilogueDefault;
    const float* bias = nullptr;
};

/* Column-major, as cuBLAS counts. */
struct Layout {
    int type;
    uint64_t rows;
    uint64_t columns;
    int64_t leading;
};

struct Preference {
    uint64_t workspace = 0;
    uint32_t reductions = 7;
    uint32_t alignment[4] = {256, 256, 256, 256};
};

/* What is chosen for one description and its layouts, and must come back with them. */
struct Algorithm {
    uint64_t mark;
    uint64_t epilogue;
    uint64_t shape[3];
    uint64_t unused[3];
};

struct HeuristicResult {
    Algorithm algorithm;
    size_t workspace;
    int state;
    float waves;
    int reserved[4];
};
static_assert(sizeof(Algorithm) == 64 && sizeof(HeuristicResult) == 96, "the sizes of cublasLt.h");

int refuse(const char* what) {
    std::fprintf(stderr, "emulated cuBLASLt: %s\n", what);
    return kInvalidValue;
}

int read(const void* from, size_t bytes, void* to, size_t expected) {
    if (from == nullptr || bytes != expected) return refuse("an attribute of the wrong size");
    std::memcpy(to, from, bytes);
    return kSuccess;
}

bool valid(const Handle* handle) { return handle != nullptr && handle->mark == kMark; }

bool aligned(const void* p) { return p != nullptr && reinterpret_cast<uintptr_t>(p) % 16 == 0; }

float element(const void* matrix, int type, size_t i) {
    if (type == kR32F) return static_cast<const float*>(matrix)[i];
    if (type == kR16F) return to_float(static_cast<const F16*>(matrix)[i]);
    return to_float(static_cast<const BF16*>(matrix)[i]);
}

void set_element(void* matrix, int type, size_t i, float v) {
    if (type == kR32F) {
        static_cast<float*>(matrix)[i] = v;
    } else if (type == kR16F) {
        static_cast<F16*>(matrix)[i] = round_to_f16(v);
    } else {
        static_cast<BF16*>(matrix)[i] = round_to_bf16(v);
    }
}

/* A column as fp32, rounded as the multiplier takes it. */
void load(const void* matrix, const Layout& layout, size_t column, bool tf32, std::vector<float>& to) {
    for (size_t i = 0; i < to.size(); i++) {
        const float v = element(matrix, layout.type, column * static_cast<size_t>(layout.leading) + i);
        to[i] = tf32 ? to_tf32(v) : v;
    }
}

struct Product {
    Desc desc;
    Layout a, b, d;
    const void* a_data;
    const void* b_data;
    void* d_data;

    /* d = a^T b, and the bias of each of its rows. */
    void run() const {
        const bool tf32 = desc.compute == kCompute32FFastTf32;
        std::vector<std::vector<float>> weights(a.columns, std::vector<float>(a.rows));
        for (size_t i = 0; i < a.columns; i++) load(a_data, a, i, tf32, weights[i]);
        std::vector<float> x(b.rows);
        for (size_t column = 0; column < b.columns; column++) {
            load(b_data, b, column, tf32, x);
            for (size_t row = 0; row < a.columns; row++) {
                float sum = 0;
                for (size_t k = 0; k < x.size(); k++) sum += weights[row][k] * x[k];
                if (desc.epilogue == kEpilogueBias) sum += desc.bias[row];
                set_element(d_data, d.type, column * static_cast<size_t>(d.leading) + row, sum);
            }
        }
    }
};

bool right(const Algorithm& algorithm, const Desc& desc, const Layout& a, const Layout& b) {
    return algorithm.mark == kMark && algorithm.epilogue == desc.epilogue && algorithm.shape[0] == a.columns &&
           algorithm.shape[1] == a.rows && algorithm.shape[2] == b.columns;
}

}  // namespace

#pragma GCC visibility push(default)
extern "C" {

size_t cublasLtGetVersion() { return kVersion; }

const char* cublasLtGetStatusName(int status) {
    return status == kInvalidValue ? "CUBLAS_STATUS_INVALID_VALUE" : "CUBLAS_STATUS_NOT_SUPPORTED";
}

int cublasLtCreate(Handle** handle) {
    *handle = new Handle{kMark};
    return kSuccess;
}

int cublasLtDestroy(Handle* handle) {
    if (!valid(handle)) return refuse("no handle to destroy");
    handle->mark = 0;
    delete handle;
    return kSuccess;
}

int cublasLtMatmulDescCreate(Desc** desc, int compute, int scale_type) {
    if (scale_type != kR32F || (compute != kCompute32F && compute != kCompute32FFastTf32)) {
        return refuse("an unknown type of sums or factors");
    }
    *desc = new Desc{compute};
    return kSuccess;
}

int cublasLtMatmulDescDestroy(Desc* desc) {
    delete desc;
    return kSuccess;
}

int cublasLtMatmulDescSetAttribute(Desc* desc, int attribute, const void* value, size_t bytes) {
    switch (attribute) {
        case kTransA:
            return read(value, bytes, &desc->transposed_a, sizeof desc->transposed_a);
        case kEpilogue:
            return read(value, bytes, &desc->epilogue, sizeof desc->epilogue);
        case kBiasPointer:
            return read(value, bytes, &desc->bias, sizeof desc->bias);
        default:
            return refuse("an unknown attribute of a product");
    }
}

int cublasLtMatrixLayoutCreate(Layout** layout, int type, uint64_t rows, uint64_t columns, int64_t leading) {
    if ((type != kR32F && type != kR16F && type != kR16BF) || rows == 0 || columns == 0 ||
        leading < static_cast<int64_t>(rows)) {
        return refuse("a matrix layout that makes no sense");
    }
    *layout = new Layout{type, rows, columns, leading};
    return kSuccess;
}

int cublasLtMatrixLayoutDestroy(Layout* layout) {
    delete layout;
    return kSuccess;
}

int cublasLtMatmulPreferenceCreate(Preference** preference) {
    *preference = new Preference;
    return kSuccess;
}

int cublasLtMatmulPreferenceDestroy(Preference* preference) {
    delete preference;
    return kSuccess;
}

int cublasLtMatmulPreferenceSetAttribute(Preference* preference, int attribute, const void* value, size_t bytes) {
    if (attribute == kMaxWorkspaceBytes) {
        return read(value, bytes, &preference->workspace, sizeof preference->workspace);
    }
    if (attribute == kReductionSchemes) {
        return read(value, bytes, &preference->reductions, sizeof preference->reductions);
    }
    if (attribute < kMinAlignmentA || attribute > kMinAlignmentD) return refuse("an unknown preference");
    return read(value, bytes, &preference->alignment[attribute - kMinAlignmentA], sizeof preference->alignment[0]);
}

/* Rows of halves that are no multiple of 16 bytes have no algorithm: what the caller does then is tested with it. */
int cublasLtMatmulAlgoGetHeuristic(Handle* handle, Desc* desc, Layout* a, Layout* b, Layout* c, Layout* d,
                                   Preference* preference, int requested, HeuristicResult* results, int* found) {
    *found = 0;
    if (!valid(handle) || requested < 1 || c != d) return refuse("no handle, no results or two results' layouts");
    for (const uint32_t alignment : preference->alignment) {
        if (alignment != 16) return refuse("an alignment that was not asked for");
    }
    if (preference->reductions != kReductionComputeType) return refuse("sums that may be rounded on their way");
    if (desc->epilogue != kEpilogueDefault && (desc->epilogue != kEpilogueBias || d->type != kR32F)) {
        return refuse("an epilogue that is not exact");
    }
    if (desc->epilogue == kEpilogueBias && !aligned(desc->bias)) return refuse("an epilogue without its bias");
    if (a->type != kR32F && a->leading % 8 != 0) return kNotSupported;
    /* Several that do the same, of which one is not to be had. */
    *found = requested < kAlgorithms ? requested : kAlgorithms;
    for (int i = 0; i < *found; i++) {
        results[i] = {};
        if (i == 1) {
            results[i].state = kNotSupported;
            continue;
        }
        results[i].algorithm = {kMark, desc->epilogue, {a->columns, a->rows, b->columns}, {}};
        results[i].workspace = static_cast<size_t>(preference->workspace);
    }
    return kSuccess;
}

int cublasLtMatmul(Handle* handle, Desc* desc, const float* alpha, const void* a_data, Layout* a, const void* b_data,
                   Layout* b, const float* beta, const void* c_data, Layout* c, void* d_data, Layout* d,
                   const Algorithm* algorithm, void* workspace, size_t workspace_bytes, cudaStream_t queue) {
    if (!valid(handle) || queue == nullptr || *alpha != 1.0f || *beta != 0.0f || c_data != d_data || c != d) {
        return refuse("a product with no handle or queue, or that adds to what is there");
    }
    if (algorithm == nullptr || !right(*algorithm, *desc, *a, *b)) return refuse("another product's algorithm");
    if (!aligned(workspace) || workspace_bytes == 0) return refuse("no workspace");
    if (!aligned(a_data) || !aligned(b_data) || !aligned(d_data)) return refuse("a matrix that is not aligned");
    if (desc->transposed_a != kOperationT || a->rows != b->rows || a->columns != d->rows || b->columns != d->columns ||
        a->type != b->type) {
        return refuse("matrices that do not go together");
    }
    const Product product = {*desc, *a, *b, *d, a_data, b_data, d_data};
    return queue->take([product] {
        product.run();
        return cudaSuccess;
    });
}

}  // extern "C"
#pragma GCC visibility pop
