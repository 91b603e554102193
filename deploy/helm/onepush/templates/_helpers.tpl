{{- define "onepush.name" -}}
{{- if contains "onepush" .Release.Name }}{{ .Release.Name | trunc 52 | trimSuffix "-" }}{{ else }}{{ printf "%s-onepush" .Release.Name | trunc 52 | trimSuffix "-" }}{{ end }}
{{- end }}

{{/* The labels of a part: a list of the root and the part's name, core or edge. */}}
{{- define "onepush.selector" -}}
app.kubernetes.io/name: onepush
app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{- define "onepush.labels" -}}
{{ include "onepush.selector" . }}
app.kubernetes.io/version: {{ (index . 0).Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ (index . 0).Release.Service }}
helm.sh/chart: {{ printf "%s-%s" (index . 0).Chart.Name (index . 0).Chart.Version }}
{{- end }}

{{- define "onepush.secret" -}}
{{ .Values.secrets.existingSecret | default (include "onepush.name" .) }}
{{- end }}

{{- define "onepush.image" -}}
{{ printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) }}
{{- end }}

{{/* A Secret of the chart's own starts the pods again when it changes: they read it when they start. */}}
{{- define "onepush.podAnnotations" -}}
{{- $root := index . 0 -}}
onepush/secret: {{ include (print $root.Template.BasePath "/secret.yaml") $root | sha256sum }}
{{- with (index . 1).podAnnotations }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "onepush.podSecurity" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 1000
  runAsGroup: 1000
  fsGroup: 1000
  seccompProfile:
    type: RuntimeDefault
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "onepush.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{/* Restart on /healthz, route on /readyz: an edge that waits for its core keeps its sockets. */}}
{{- define "onepush.probes" -}}
{{- $scheme := ternary "HTTP" "HTTPS" .Values.plaintext -}}
startupProbe:
  httpGet: { path: /healthz, port: ops, scheme: {{ $scheme }} }
  periodSeconds: 2
  failureThreshold: 60
livenessProbe:
  httpGet: { path: /healthz, port: ops, scheme: {{ $scheme }} }
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 3
readinessProbe:
  httpGet: { path: /readyz, port: ops, scheme: {{ $scheme }} }
  periodSeconds: 5
  timeoutSeconds: 5
  failureThreshold: 2
{{- end }}

{{/* The settings that both have. */}}
{{- define "onepush.env" -}}
{{- $root := index . 0 -}}
- name: ONEPUSH_LINK_TOKEN
  valueFrom:
    secretKeyRef: { name: {{ include "onepush.secret" $root }}, key: link-token }
- name: ONEPUSH_DRAIN_SECONDS
  value: {{ $root.Values.drainSeconds | quote }}
{{- if $root.Values.plaintext }}
- name: ONEPUSH_ALLOW_PLAINTEXT
  value: "1"
{{- end }}
{{- with $root.Values.traces.endpoint }}
- name: OTEL_EXPORTER_OTLP_ENDPOINT
  value: {{ . | quote }}
{{- end }}
{{- range $name, $value := (index . 1).env }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- with (index . 1).extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "onepush.scheduling" -}}
{{- with .nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
