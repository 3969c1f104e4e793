# What a wave's Job runs inside the cluster (Install-TsNode -InCluster): Install-TsNode for the nodes of the wave, with the
# rights of its service account. Prints the steps as lines of JSON; ends with 1 when a step failed.
param(
    [Parameter(Mandatory)] [string] $Node,
    [Parameter(ValueFromRemainingArguments)] [string[]] $Rest
)
$ErrorActionPreference = 'Stop'
Import-Module TalosTailscale

$account = '/var/run/secrets/kubernetes.io/serviceaccount'
$kubeconfig = Join-Path ([System.IO.Path]::GetTempPath()) 'kubeconfig'
@{
    apiVersion        = 'v1'
    kind              = 'Config'
    'current-context' = 'in-cluster'
    clusters          = @(@{
            name    = 'in-cluster'
            cluster = @{
                server                  = "https://$($env:KUBERNETES_SERVICE_HOST):$($env:KUBERNETES_SERVICE_PORT)"
                'certificate-authority' = "$account/ca.crt"
            }
        })
    users             = @(@{ name = 'rollout'; user = @{ token = (Get-Content "$account/token" -Raw).Trim() } })
    contexts          = @(@{ name = 'in-cluster'; context = @{ cluster = 'in-cluster'; user = 'rollout' } })
} | ConvertTo-Json -Depth 6 | Set-Content $kubeconfig

$options = @{}
for ($i = 0; $i + 1 -lt $Rest.Count; $i += 2) {
    $name = $Rest[$i].TrimStart('-')
    $options[$name] = switch ($Rest[$i + 1]) {
        'True' { $true }
        'False' { $false }
        default { if ($name -in 'SkipCheck', 'SkipGate') { $_ -split ',' } else { $_ } }
    }
}

$failed = $false
Install-TsNode -Node ($Node -split ',') -KubeConfig $kubeconfig -Confirm:$false @options -ErrorAction Continue -ErrorVariable problems |
    ForEach-Object {
        if ($_.Status -ne 'Done') { $failed = $true }
        $_ | Select-Object Node, Wave, Action, Status, Evidence, ErrorId, @{ Name = 'Seconds'; Expression = { $_.Duration.TotalSeconds } } |
            ConvertTo-Json -Compress -EnumsAsStrings
    }
if ($failed -or $problems) { exit 1 }
