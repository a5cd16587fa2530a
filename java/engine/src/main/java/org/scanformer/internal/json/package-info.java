/** The JSON shape of answers: maps, lists, texts and numbers that any mapper writes and reads. */
package org.scanformer.internal.json;
