//! The steps of a plan: typed data that can be printed, checked and run.

use super::{
    change::{Action, Change, Output, Resource},
    kind::{
        artifact_bucket::step::ArtifactBucketStep, bucket::step::BucketStep, bus::step::BusStep,
        domain::step::DomainStep, function::step::FunctionStep, function_url::step::UrlStep,
        http_api::step::HttpStep, invoke_config::step::InvokeConfigStep, log_group::step::LogStep,
        mapping::step::MappingStep, queue::step::QueueStep, rest_api::step::RestStep,
        role::step::RoleStep, schedule::step::ScheduleStep, tag::step::TagStep,
        topic::step::TopicStep,
    },
    phase::{Lane, Phase},
    run::{Run, Trouble},
};
use crate::aws::{Aws, error::Error};

/// A change, by the kind of resource that it is about.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Step {
    Role(RoleStep),
    Logs(LogStep),
    Function(FunctionStep),
    Url(UrlStep),
    Http(HttpStep),
    Rest(Box<RestStep>),
    Domain(Box<DomainStep>),
    /// The bucket through which a large zip goes.
    ArtifactBucket(Box<ArtifactBucketStep>),
    Queue(Box<QueueStep>),
    Mapping(Box<MappingStep>),
    InvokeConfig(InvokeConfigStep),
    Topic(Box<TopicStep>),
    Bus(Box<BusStep>),
    Schedule(Box<ScheduleStep>),
    Bucket(Box<BucketStep>),
    Tag(TagStep),
}

/// The step of its kind, for the same expression.
macro_rules! of_kind {
    ($step:expr, $one:ident => $call:expr) => {
        match $step {
            Step::Role($one) => $call,
            Step::Logs($one) => $call,
            Step::Function($one) => $call,
            Step::Url($one) => $call,
            Step::Http($one) => $call,
            Step::Rest($one) => $call,
            Step::Domain($one) => $call,
            Step::ArtifactBucket($one) => $call,
            Step::Queue($one) => $call,
            Step::Mapping($one) => $call,
            Step::InvokeConfig($one) => $call,
            Step::Topic($one) => $call,
            Step::Bus($one) => $call,
            Step::Schedule($one) => $call,
            Step::Bucket($one) => $call,
            Step::Tag($one) => $call,
        }
    };
}

impl Change for Step {
    fn subject(&self) -> (Action, Resource<'_>) {
        of_kind!(self, step => step.subject())
    }

    fn lane(&self) -> Lane<'_> {
        of_kind!(self, step => step.lane())
    }

    fn needs(&self) -> Vec<Output<'_>> {
        of_kind!(self, step => step.needs())
    }

    fn makes(&self) -> Option<Output<'_>> {
        of_kind!(self, step => step.makes())
    }

    fn prepares(&self) -> bool {
        of_kind!(self, step => step.prepares())
    }

    fn loses(&self) -> Vec<String> {
        of_kind!(self, step => step.loses())
    }

    fn passes(&self, error: &Error) -> Option<&'static str> {
        of_kind!(self, step => step.passes(error))
    }

    fn begins(&self) -> Option<String> {
        of_kind!(self, step => step.begins())
    }

    async fn run<A: Aws>(&self, run: &Run<'_, A>) -> Result<(), Trouble> {
        // As in `observe`: the clients' futures are large.
        of_kind!(self, step => Box::pin(step.run(run)).await)
    }
}

impl Step {
    /// The function of which it makes a version.
    pub(crate) fn publishes(&self) -> Option<&str> {
        match self {
            Self::Function(step) => step.publishes(),
            _ => None,
        }
    }

    /// True if callers reach a gateway from then on that takes no traffic before.
    pub(crate) fn opens_gateway(&self) -> bool {
        match self {
            Self::Http(HttpStep::CreateStage { .. }) | Self::Url(UrlStep::Create { .. }) => true,
            Self::Rest(step) => matches!(**step, RestStep::CreateStage { .. }),
            _ => false,
        }
    }

    /// The function whose traffic it moves.
    pub(crate) fn moves(&self) -> Option<&str> {
        match self {
            Self::Function(step) => step.moves(),
            _ => None,
        }
    }
}

/// A step and why it is planned.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Planned {
    /// The step.
    pub(crate) step: Step,
    /// Why: what is missing or differs.
    pub(crate) reason: String,
    /// True if it admits callers that are refused now: somebody has to agree to that.
    pub(crate) opens: bool,
    /// When it runs.
    pub(crate) phase: Phase,
    /// The log group behind whose steps it queues, where it does not queue by itself.
    behind: Option<String>,
}

impl Planned {
    /// Where it queues.
    pub(crate) fn lane(&self) -> Lane<'_> {
        let behind = self.behind.as_deref();
        behind.map_or_else(|| self.step.lane(), Lane::Logs)
    }
}

/// The steps, in the order that they are run.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Plan {
    /// Each with its reason.
    pub(crate) steps: Vec<Planned>,
    /// The phase of the steps that are added now.
    phase: Phase,
}

impl Plan {
    /// Whether there is nothing to do.
    pub(crate) fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Whether a step creates that log group.
    pub(crate) fn creates_group(&self, name: &str) -> bool {
        let mut all = self.steps.iter();
        all.any(|planned| matches!(&planned.step, Step::Logs(LogStep::Create { group, .. }) if group == name))
    }

    /// Begins a phase: what is added from now on runs when all before it is done.
    pub(crate) fn enter(&mut self, phase: Phase) {
        self.phase = phase;
    }

    /// Adds a step.
    pub(crate) fn push(&mut self, step: Step, reason: impl Into<String>) {
        self.steps.push(Planned {
            step,
            reason: reason.into(),
            opens: false,
            phase: self.phase,
            behind: None,
        });
    }

    /// Adds a step that may admit callers that are refused now.
    pub(crate) fn push_opening(&mut self, step: Step, reason: impl Into<String>, opens: bool) {
        self.push(step, reason);
        if let Some(planned) = self.steps.last_mut() {
            planned.opens = opens;
        }
    }

    /// Adds a step that runs after those on that log group.
    pub(crate) fn push_behind(&mut self, step: Step, reason: impl Into<String>, group: &str) {
        self.push(step, reason);
        if let Some(planned) = self.steps.last_mut() {
            planned.behind = Some(group.to_owned());
        }
    }

    /// The phases in order, each with its lanes in the order of their first steps.
    pub(crate) fn phases(&self) -> Vec<Vec<Vec<&Planned>>> {
        let mut phases: Vec<(Phase, Vec<Vec<&Planned>>)> = Vec::new();
        for planned in &self.steps {
            if phases
                .last()
                .is_none_or(|(phase, _)| *phase != planned.phase)
            {
                phases.push((planned.phase, Vec::new()));
            }
            let Some((_, lanes)) = phases.last_mut() else {
                continue;
            };
            let same = |lane: &&mut Vec<&Planned>| {
                lane.first()
                    .is_some_and(|first| first.lane() == planned.lane())
            };
            match lanes.iter_mut().find(same) {
                Some(lane) => lane.push(planned),
                None => lanes.push(vec![planned]),
            }
        }
        phases.into_iter().map(|(_, lanes)| lanes).collect()
    }
}
