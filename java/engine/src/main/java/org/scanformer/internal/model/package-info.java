/**
 * A model's directory: its configuration, tensor names, weights and tokenizer, read from files that
 * are not trusted. Shared with training and benchmarks.
 */
package org.scanformer.internal.model;
