// Event Grid gave up on events of one topic, whether it could keep them or not.
import { texts } from '../types.bicep'

param name string
param tags texts
param topicId string
param actionGroupId string

var lost = ['DeadLetteredCount', 'DroppedEventCount']

#disable-next-line use-recent-api-versions // the newest stable one
resource alert 'Microsoft.Insights/metricAlerts@2018-03-01' = [
  for metric in lost: {
    name: '${name}-${metric}'
    location: 'global'
    tags: tags
    properties: {
      description: 'Event Grid gave up on events to naptime. docs/operations.md#dead-letters'
      severity: 2
      enabled: true
      scopes: [topicId]
      evaluationFrequency: 'PT5M'
      windowSize: 'PT15M'
      autoMitigate: true
      criteria: {
        'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
        allOf: [
          {
            criterionType: 'StaticThresholdCriterion'
            name: metric
            metricName: metric
            timeAggregation: 'Total'
            operator: 'GreaterThan'
            threshold: 0
          }
        ]
      }
      actions: [
        { actionGroupId: actionGroupId }
      ]
    }
  }
]
