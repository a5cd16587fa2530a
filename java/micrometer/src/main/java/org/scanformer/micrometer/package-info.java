/** Metrics of models and batchers for Micrometer. */
package org.scanformer.micrometer;
