// Command gen_sdk writes the Python SDK of a Pulumi package schema, as `pulumi package gen-sdk` does where its language plugin can be had.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/pulumi/pulumi/pkg/v3/codegen/python"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

func main() {
	if len(os.Args) != 3 {
		exit(fmt.Errorf("usage: gen_sdk SCHEMA.json FOLDER"))
	}
	exit(generate(os.Args[1], os.Args[2]))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "gen_sdk:", err)
		os.Exit(1)
	}
}

// generate fills folder with the package; a file that the schema no longer makes has to be removed by the caller.
func generate(schemaFile, folder string) error {
	text, err := os.ReadFile(schemaFile)
	if err != nil {
		return err
	}
	var spec schema.PackageSpec
	if err := json.Unmarshal(text, &spec); err != nil {
		return fmt.Errorf("%s is no package schema: %w", schemaFile, err)
	}
	pkg, diagnostics, err := schema.BindSpecWithContext(context.Background(), spec, schema.NewNullLoader(), schema.ValidationOptions{})
	if err != nil {
		return err
	}
	if diagnostics.HasErrors() {
		return diagnostics
	}
	files, err := python.GeneratePackage("pulumi-language-python", pkg, nil, nil)
	if err != nil {
		return err
	}
	for name, content := range files {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			return err
		}
	}
	return nil
}
