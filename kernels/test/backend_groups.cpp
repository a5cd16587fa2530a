/* The groups of tests that the CUDA backend runs, emulated or on a device. */
#include "backend_groups.h"

#include <exception>

#include "check.h"
#include "scanformer_cuda.h"

void test_append_kv(sf_stream* stream);
void test_cuda_operations(sf_stream* stream);
void test_pack_batch(sf_stream* stream);
void test_conditions(sf_stream* stream);
void test_pyramids(sf_stream* stream);
void test_table_faults(sf_stream* stream);
void test_tensor_matmul(sf_stream* stream);

const std::vector<TestGroup>& backend_groups() {
    static const std::vector<TestGroup> groups = {{"layer norm", test_layer_norm},
                                                  {"pyramid", test_pyramid},
                                                  {"patches", test_patches},
                                                  {"embeddings", test_embeddings},
                                                  {"attention", test_attention},
                                                  {"attention at extremes", test_attention_extremes},
                                                  {"memory", test_memory},
                                                  {"refusals", test_refusals},
                                                  {"unsupported", test_unsupported},
                                                  {"limits", test_limits},
                                                  {"CUDA", test_cuda_operations},
                                                  {"table faults", test_table_faults},
                                                  {"hostile arguments", test_hostile},
                                                  {"tensor matmul", test_tensor_matmul},
                                                  {"pyramids", test_pyramids},
                                                  {"packing", test_pack_batch},
                                                  {"append", test_append_kv},
                                                  {"conditions", test_conditions}};
    return groups;
}

sf_stream* open_tested_backend() {
    tested_backend = sf_cuda_backend();
    tables_on_device = true;
    sf_stream* stream = nullptr;
    context = "device";
    check_equal(sf_stream_create(tested_backend, 0, 0, 0, &stream), static_cast<int>(SF_OK), "sf_stream_create");
    if (stream == nullptr) return nullptr;
    backend_types = {SF_F32, SF_F16, SF_BF16};
    backend_compute_types = {SF_F32, SF_F16};
    if (sf_compute_capability(stream) >= 80) {
        backend_compute_types.push_back(SF_TF32);
        backend_compute_types.push_back(SF_BF16);
    }
    return stream;
}

void run_group(const TestGroup& group, sf_stream* stream) {
    context = group.name;
    try {
        group.test(stream);
    } catch (const std::exception& error) {
        check(false, std::string("an exception: ") + error.what());
    }
}

void test_backend() {
    sf_stream* stream = open_tested_backend();
    if (stream == nullptr) return;
    for (const TestGroup& group : backend_groups()) run_group(group, stream);
    check(passed > 0, "a group is run");
    sf_stream_destroy(stream);
}
