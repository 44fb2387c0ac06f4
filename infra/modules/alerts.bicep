// One rule per line of `rules`; a row that its query gives is an alarm. docs/operations.md has a section
// for each, under the rule's name. Queries use names of docs/telemetry.md, and never spans: those are sampled.
import { texts } from '../types.bicep'

param environmentName string
param location string
param tags texts
param workspaceId string
param emails string[]
param dryRun bool

var rules = [
  {
    name: 'no-finished-sweep'
    text: 'No run over everything has finished in 26 hours.'
    severity: 1
    // A dry run protects nobody and is not counted; whoever chose it needs no mail about it.
    enabled: !dryRun
    frequency: 'PT1H'
    window: 'P2D'
    query: '''
AppEvents
| where TimeGenerated > ago(26h)
| where Name == "Naptime.RunFinished"
| where Properties.naptime_scope == "Everything" and Properties.naptime_dryRun == "False"
| summarize finished = count()
| where finished == 0
'''
  }
  {
    name: 'cluster-unprotected'
    text: 'The last run over everything ended with clusters that have no confirmed schedule.'
    severity: 1
    enabled: true
    frequency: 'PT1H'
    window: 'P1D'
    query: '''
AppEvents
| where Name == "Naptime.RunFinished"
| where Properties.naptime_scope == "Everything" and Properties.naptime_dryRun == "False"
| summarize arg_max(TimeGenerated, *)
| where toint(Properties.naptime_unconfirmed) > 0
'''
  }
  {
    name: 'work-given-up'
    text: 'naptime gave work up: it is in the table naptimegivenup until somebody replays it.'
    severity: 2
    enabled: true
    frequency: 'PT15M'
    window: 'PT30M'
    query: '''
AppEvents
| where Name == "Naptime.WorkGivenUp"
'''
  }
  {
    name: 'keeps-being-removed'
    text: 'Somebody else keeps removing a schedule that naptime puts back each time.'
    severity: 2
    enabled: true
    frequency: 'PT1H'
    window: 'PT2H'
    query: '''
AppEvents
| where Name == "Naptime.ScheduleRemovedAgain"
'''
  }
  {
    name: 'approval-waiting'
    text: 'A run has planned more changes than need no approval: none of them is made until somebody approves.'
    severity: 3
    enabled: true
    frequency: 'PT1H'
    window: 'P1D'
    // The newest word on it: each run over everything plans anew, and an approved one answers it.
    query: '''
AppEvents
| where Name == "Naptime.RunFinished"
| where Properties.naptime_scope == "Everything" or Properties.naptime_updates == "Approved"
    or toint(Properties.naptime_updatesWaiting) > 0
| where Properties.naptime_dryRun == "False"
| summarize arg_max(TimeGenerated, *)
| where toint(Properties.naptime_updatesWaiting) > 0
'''
  }
  {
    name: 'access-denied'
    text: 'Azure refuses naptime\'s identity (401 or 403), or a run could not read a subscription.'
    severity: 2
    enabled: true
    frequency: 'PT30M'
    window: 'PT1H'
    query: '''
AppMetrics
| where (Name == "naptime.outcomes" and Properties.reason in ("AccessDenied", "NotAuthenticated"))
    or (Name == "naptime.run.unreadable_subscriptions")
| where Sum > 0
'''
  }
  {
    name: 'shard-stopped'
    text: 'Ten equal refusals in a row stopped the writes of a subscription and location.'
    severity: 2
    enabled: true
    frequency: 'PT30M'
    window: 'PT1H'
    query: '''
AppMetrics
| where Name == "naptime.run.stopped_shards"
| where Sum > 0
'''
  }
  {
    name: 'throttled'
    text: 'Azure answered 429 more often than single mishaps explain; naptime\'s own pace causes none.'
    severity: 3
    enabled: true
    frequency: 'PT1H'
    window: 'PT6H'
    query: '''
AppMetrics
| where Name == "naptime.throttled"
| summarize answers = sum(Sum)
| where answers > 20
'''
  }
  {
    name: 'failed-for-no-known-reason'
    text: 'naptime failed in a way that it has no reason for, which is a bug; or lost events of its own.'
    severity: 3
    enabled: true
    frequency: 'PT1H'
    window: 'PT2H'
    query: '''
union AppTraces, AppExceptions
| where Message startswith "message given up"
    or OuterMessage startswith "failed on a cluster"
    or OuterMessage startswith "failed on a location"
    or OuterMessage startswith "events lost"
'''
  }
]

module people 'action-group.bicep' = {
  params: {
    name: 'ag-${environmentName}'
    tags: tags
    emails: emails
  }
}

#disable-next-line use-recent-api-versions // the newest stable one
resource alerts 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for rule in rules: {
    name: 'naptime-${environmentName}-${rule.name}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: 'naptime: ${rule.name}'
      description: '${rule.text} docs/operations.md#${rule.name}'
      severity: rule.severity
      enabled: rule.enabled
      scopes: [workspaceId]
      evaluationFrequency: rule.frequency
      windowSize: rule.window
      autoMitigate: true
      // Columns of custom events are not there before the first one; the tables are.
      skipQueryValidation: true
      criteria: {
        allOf: [
          {
            query: rule.query
            timeAggregation: 'Count'
            operator: 'GreaterThan'
            threshold: 0
            failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
          }
        ]
      }
      actions: { actionGroups: [people.outputs.id] }
    }
  }
]

output actionGroupId string = people.outputs.id
