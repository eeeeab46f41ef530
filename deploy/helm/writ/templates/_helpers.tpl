{{- define "writ.name" -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- end -}}

{{- define "writ.selector" -}}
app.kubernetes.io/name: writ
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "writ.labels" -}}
{{ include "writ.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end -}}

{{/* The name of a file of the bundle in the ConfigMap: a path is not one. */}}
{{- define "writ.fileKey" -}}
{{- printf "%s-%s" (sha256sum . | trunc 8) (base .) -}}
{{- end -}}

{{/* The probes and the service speak HTTPS where the pod has a certificate. */}}
{{- define "writ.scheme" -}}
{{- if .Values.tls.existingSecret }}HTTPS{{ else }}HTTP{{ end -}}
{{- end -}}

{{- define "writ.check" -}}
{{- if and .Values.bundle.files .Values.bundle.existingClaim }}
{{- fail "bundle.files and bundle.existingClaim: give one of the two" }}
{{- end }}
{{- if not (or .Values.bundle.files .Values.bundle.existingClaim) }}
{{- fail "there is no bundle: give bundle.files or bundle.existingClaim" }}
{{- end }}
{{- if and .Values.bundle.files (not (hasKey .Values.bundle.files "writ.yaml")) }}
{{- fail "bundle.files has no writ.yaml" }}
{{- end }}
{{- if not (or .Values.tls.existingSecret (hasPrefix "https://" .Values.publicUrl)) }}
{{- fail "keys would travel in the clear: give tls.existingSecret, or, behind something that ends TLS, an https URL in publicUrl" }}
{{- end }}
{{- if and .Values.tls.clientCaSecret (not .Values.tls.existingSecret) }}
{{- fail "tls.clientCaSecret needs tls.existingSecret" }}
{{- end }}
{{- if and .Values.ingress.enabled (not (and .Values.ingress.host .Values.ingress.tlsSecret)) }}
{{- fail "ingress needs ingress.host and ingress.tlsSecret: keys travel through it" }}
{{- end }}
{{- end -}}
