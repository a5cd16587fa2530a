/* The groups of tests that the CUDA backend runs, emulated or on a device. */
#include "backend_groups.h"

#include <cstring>

#include "check.h"
#include "scanformer_cuda.h"

void test_cuda_operations(sf_stream* stream);
void test_pack_batch(sf_stream* stream);
void test_pyramids(sf_stream* stream);
void test_table_faults(sf_stream* stream);
void test_tensor_matmul(sf_stream* stream);

void test_backend(const char* only) {
    tested_backend = sf_cuda_backend();
    tables_on_device = true;
    sf_stream* stream = nullptr;
    context = "device";
    check_equal(sf_stream_create(tested_backend, 0, 0, 0, &stream), static_cast<int>(SF_OK), "sf_stream_create");
    if (stream == nullptr) return;
    backend_types = {SF_F32, SF_F16, SF_BF16};
    backend_compute_types = {SF_F32, SF_F16};
    if (sf_compute_capability(stream) >= 80) {
        backend_compute_types.push_back(SF_TF32);
        backend_compute_types.push_back(SF_BF16);
    }
    const struct {
        const char* name;
        void (*test)(sf_stream*);
    } groups[] = {
        {"layer norm", test_layer_norm},       {"pyramid", test_pyramid},           {"patches", test_patches},
        {"embeddings", test_embeddings},       {"attention", test_attention},       {"memory", test_memory},
        {"refusals", test_refusals},           {"unsupported", test_unsupported},   {"limits", test_limits},
        {"CUDA", test_cuda_operations},        {"table faults", test_table_faults}, {"hostile arguments", test_hostile},
        {"tensor matmul", test_tensor_matmul}, {"pyramids", test_pyramids},         {"packing", test_pack_batch}};
    for (const auto& group : groups) {
        if (only != nullptr && std::strcmp(only, group.name) != 0) continue;
        context = group.name;
        group.test(stream);
    }
    check(passed > 0, "a group is run");
    sf_stream_destroy(stream);
}
