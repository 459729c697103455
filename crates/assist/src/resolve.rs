//! From a place in a text to the field of Kubernetes' API that it is.

use api::schema::{self, Field, KindInfo, StructId, Type, structure};

use crate::cursor::{Cursor, PathElement};

/// What stands at the end of a way.
pub(crate) struct Found {
    pub(crate) info: &'static KindInfo,
    pub(crate) ty: Type,
    /// The last field of the way with its struct; `None` for the object itself.
    pub(crate) field: Option<(StructId, &'static Field)>,
    /// The key in the map that the last field is.
    pub(crate) key: Option<String>,
}

/// The kind that the document says it is.
pub(crate) fn kind_of(cursor: &Cursor) -> Option<&'static KindInfo> {
    schema::kind(cursor.api_version?, cursor.kind?)
}

/// What a list is of, what a list of lists is of.
pub(crate) fn item(mut ty: &Type) -> &Type {
    while let Type::List(of) = ty {
        ty = of;
    }
    ty
}

pub(crate) fn resolve(info: &'static KindInfo, steps: &[PathElement]) -> Option<Found> {
    let mut found = Found { info, ty: Type::Struct(info.root), field: None, key: None };
    for step in steps {
        let next = match (step, &found.ty) {
            (PathElement::Item(_), Type::List(of)) => (**of).clone(),
            (PathElement::Item(_), _) => return None,
            (PathElement::Key(name), ty) => match item(ty) {
                Type::Struct(id) => {
                    let field = structure(*id).field(name)?;
                    (found.field, found.key) = (Some((*id, field)), None);
                    field.ty.clone()
                }
                Type::Map(of) => {
                    found.key = Some(name.clone());
                    (**of).clone()
                }
                _ => return None,
            },
        };
        found.ty = next;
    }
    Some(found)
}
