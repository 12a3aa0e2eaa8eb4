//! The ports over REST against the fake cloud, at the services' real URLs.

mod change;
mod cloud;
mod directory;
mod hostile;
mod jobs;
mod pace;
mod refusal;
mod sign_in;
mod store;
mod tap;
mod world;
