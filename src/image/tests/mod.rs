//! Images from end to end.

mod damage;
mod directories;
mod docker;
mod forms;
mod layers;
mod layouts;
mod lies;
mod links;
mod tars;
