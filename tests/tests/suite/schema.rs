//! The generated messages are those of the `.proto` files, and the two schemas are the same on the wire.

use std::{collections::BTreeMap, fs, path::PathBuf};

use prost::Message;
use prost_types::{
    DescriptorProto, FieldDescriptorProto, FileDescriptorSet,
    field_descriptor_proto::{Label, Type},
};

fn proto() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../proto")
}

fn compile(files: &[&str], with_comments: bool) -> FileDescriptorSet {
    protox::Compiler::new([proto().join("proto")])
        .unwrap()
        .include_imports(true)
        .include_source_info(with_comments)
        .open_files(files)
        .unwrap()
        .file_descriptor_set()
}

/// What the checked-in files must hold. Set `UPDATE_GENERATED=1` to write them.
#[test]
fn generated_code_is_up_to_date() {
    let directory = tempfile::tempdir().unwrap();
    prost_build::Config::new()
        .out_dir(directory.path())
        .compile_fds(compile(&["plugin_service.proto", "envelope.proto"], true))
        .unwrap();
    prost_build::Config::new()
        .out_dir(directory.path())
        .bytes(["."])
        .compile_fds(compile(&["wire.proto"], true))
        .unwrap();
    let public = compile(
        &["plugin_service.proto", "mcpgateway/plugin_service.proto"],
        false,
    );
    fs::write(directory.path().join("descriptors.binpb"), public.encode_to_vec()).unwrap();
    let generated = proto().join("src/generated");
    for name in ["cpex.rs", "cpex.wire.rs", "descriptors.binpb"] {
        let fresh = fs::read(directory.path().join(name)).unwrap();
        if std::env::var_os("UPDATE_GENERATED").is_some() {
            fs::write(generated.join(name), &fresh).unwrap();
        }
        let stored = fs::read(generated.join(name)).unwrap();
        assert!(
            stored == fresh,
            "proto/src/generated/{name} is not what the .proto files give: run the tests with UPDATE_GENERATED=1"
        );
    }
}

/// All messages of a package, the nested ones by their path.
fn messages(set: &FileDescriptorSet, package: &str) -> BTreeMap<String, DescriptorProto> {
    fn collect(prefix: &str, message: &DescriptorProto, all: &mut BTreeMap<String, DescriptorProto>) {
        let name = format!("{prefix}{}", message.name());
        for nested in &message.nested_type {
            collect(&format!("{name}."), nested, all);
        }
        all.insert(name, message.clone());
    }
    let mut all = BTreeMap::new();
    for file in set.file.iter().filter(|file| file.package() == package) {
        for message in &file.message_type {
            collect("", message, &mut all);
        }
    }
    all
}

/// A field as it is on the wire: a message of another package, or a struct that is kept as its bytes, looks the same.
fn on_the_wire(field: &FieldDescriptorProto) -> (i32, String, Label, Option<i32>, String) {
    let kind = match field.r#type() {
        Type::Message if field.type_name() == ".google.protobuf.Struct" => "Struct".to_owned(),
        Type::Bytes => "Struct".to_owned(),
        Type::Message | Type::Enum => field.type_name().replace(".cpex.wire.", "").replace(".cpex.", ""),
        scalar => format!("{scalar:?}"),
    };
    (
        field.number(),
        field.name().to_owned(),
        field.label(),
        field.oneof_index,
        kind,
    )
}

#[test]
fn both_schemas_are_the_same_field_by_field() {
    let public = messages(&compile(&["plugin_service.proto"], false), "cpex");
    let wire = messages(&compile(&["wire.proto"], false), "cpex.wire");
    assert_eq!(public.keys().collect::<Vec<_>>(), wire.keys().collect::<Vec<_>>());
    let mut structs = 0;
    for (name, message) in &public {
        let fields: Vec<_> = message.field.iter().map(on_the_wire).collect();
        let wire_fields: Vec<_> = wire[name].field.iter().map(on_the_wire).collect();
        assert_eq!(fields, wire_fields, "the fields of {name}");
        assert!(
            wire[name]
                .field
                .iter()
                .all(|field| field.type_name() != ".google.protobuf.Struct"),
            "{name} has a struct that is not kept as its bytes"
        );
        structs += fields.iter().filter(|field| field.4 == "Struct").count();
        let enums = |message: &DescriptorProto| message.enum_type.clone();
        assert_eq!(enums(message), enums(&wire[name]), "the enums of {name}");
    }
    assert_eq!(structs, 12, "the number of structs in the schema");
}

#[test]
fn the_older_package_has_the_same_methods_and_messages() {
    let stored = FileDescriptorSet::decode(plugin_sdk_proto::FILE_DESCRIPTOR_SET).unwrap();
    let services = |package: &str| -> Vec<_> {
        let files = stored.file.iter().filter(|file| file.package() == package);
        files
            .flat_map(|file| &file.service)
            .map(|service| {
                let methods = service.method.iter();
                let methods = methods.map(|it| (it.name(), it.input_type(), it.output_type()));
                (service.name(), methods.collect::<Vec<_>>())
            })
            .collect()
    };
    let services_of_cpex = services("cpex");
    assert_eq!(services_of_cpex.len(), 2);
    assert_eq!(services_of_cpex, services("mcpgateway.plugins"));
}
