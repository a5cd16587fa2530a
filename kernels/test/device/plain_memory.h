/*
 * The tests' arrays in plain device memory. The tests read and write them on the host under the addresses that they
 * pass to the operations; here each has a twin of cudaMalloc. An operation is called with the twins' addresses, also
 * those that tables hold, and around it all arrays are copied there and back.
 */
#ifndef SCANFORMER_TEST_PLAIN_MEMORY_H
#define SCANFORMER_TEST_PLAIN_MEMORY_H

/* From now on arrays and tables get such twins. Before any array is made. */
void use_plain_memory();

#endif
