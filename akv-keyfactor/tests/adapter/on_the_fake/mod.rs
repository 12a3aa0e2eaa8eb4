//! Complete jobs on the fake cloud: each test runs a configuration and checks the contents of the
//! vault, the requests to the service and the messages. The rows of `docs/parity.md` that concern
//! more than the adapter are here.

mod add;
mod discovery;
mod inventory;
mod reach;
mod reenrollment;
mod remove_and_create;

use akv_keyfactor::{JobOutput, JobStatus};

use crate::fake::{World, adding};

fn assert_ends(output: &JobOutput, status: JobStatus, says: &[&str]) {
    assert_eq!(output.job_result.result, status, "{output:?}");
    for part in says {
        let message = &output.job_result.failure_message;
        assert!(message.contains(part), "{part:?} is not in: {message}");
    }
}

fn aliases(output: &JobOutput) -> Vec<&str> {
    output.inventory.iter().flatten().map(|item| item.alias.as_str()).collect()
}

#[tokio::test(start_paused = true)]
async fn the_main_job_from_add_to_remove() {
    let world = World::new();
    let first = world.leaf("web-01.example.com");
    let output = world.run(&adding("A5", &first)).await;
    assert_ends(&output, JobStatus::Success, &[&first.thumbprint().to_string(), "version"]);

    let second = world.leaf("web-01.example.com");
    let output = world.run(&adding("A5", &second)).await;
    assert_ends(&output, JobStatus::Warning, &["nothing was changed"]);
    let output = world.run(&adding("A10", &second)).await;
    let version = world.vault().newest("web-01").expect("a version");
    assert_ends(&output, JobStatus::Success, &[&version.id, &version.thumbprint.to_string()]);
    assert_eq!(version.thumbprint, second.thumbprint());

    let output = world.ran("inventory").await;
    assert_ends(&output, JobStatus::Success, &[]);
    assert_eq!(
        (aliases(&output), output.job_result.failure_message.as_str()),
        (vec!["web-01"], "")
    );

    assert_ends(&world.ran("remove").await, JobStatus::Success, &["removed"]);
    assert!(world.vault().names().is_empty());
    assert_eq!(world.vault().deleted_names(), ["web-01"]);
    assert_eq!(aliases(&world.ran("inventory").await), Vec::<&str>::new());
}
