package ocsf

import (
	"testing"

	"github.com/oktastream/oktastream/events/classify"
)

// Another version of OCSF is another Version and another table, and both change
// together; every class that the table can decide for has a record.
func TestVersionAndTableAreOne(t *testing.T) {
	schema := schemaV1_8()
	if schema.version != Version || schema.table.Version != Version {
		t.Errorf("version %s, schema %s, table %s", Version, schema.version, schema.table.Version)
	}
	for _, class := range schema.table.Classes {
		if schema.records[class.UID] == nil {
			t.Errorf("class %d (%s) has no record", class.UID, class.Name)
		}
	}
	for uid := range schema.records {
		if classOf(schema.table, uid) == nil {
			t.Errorf("the record of class %d is nobody's", uid)
		}
	}
}

func classOf(table *classify.Table, uid int) *classify.Class {
	for i := range table.Classes {
		if table.Classes[i].UID == uid {
			return &table.Classes[i]
		}
	}
	return nil
}
