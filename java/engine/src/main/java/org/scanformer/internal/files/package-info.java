/** Folders that hold what is loaded or executed, which nobody else may write to. */
package org.scanformer.internal.files;
