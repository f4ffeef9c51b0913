"""Type tokens of the resources that the properties speak of."""

from __future__ import annotations

ENVIRONMENT = "coder-eks:environment:Environment"

VPC = "aws:ec2/vpc:Vpc"
SUBNET = "aws:ec2/subnet:Subnet"
INTERNET_GATEWAY = "aws:ec2/internetGateway:InternetGateway"
INTERNET_GATEWAY_ATTACHMENT = "aws:ec2/internetGatewayAttachment:InternetGatewayAttachment"
ROUTE_TABLE = "aws:ec2/routeTable:RouteTable"
ROUTE = "aws:ec2/route:Route"
ROUTE_TABLE_ASSOCIATION = "aws:ec2/routeTableAssociation:RouteTableAssociation"
MAIN_ROUTE_TABLE_ASSOCIATION = "aws:ec2/mainRouteTableAssociation:MainRouteTableAssociation"
EIP = "aws:ec2/eip:Eip"
NAT_GATEWAY = "aws:ec2/natGateway:NatGateway"
PEERING = "aws:ec2/vpcPeeringConnection:VpcPeeringConnection"
PEERING_ACCEPTER = "aws:ec2/vpcPeeringConnectionAccepter:VpcPeeringConnectionAccepter"
INSTANCE = "aws:ec2/instance:Instance"
NETWORK_INTERFACE = "aws:ec2/networkInterface:NetworkInterface"
SECURITY_GROUP = "aws:ec2/securityGroup:SecurityGroup"
DEFAULT_SECURITY_GROUP = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
SECURITY_GROUP_RULE = "aws:ec2/securityGroupRule:SecurityGroupRule"
INGRESS_RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
VPC_ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
LAUNCH_TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
LAUNCH_CONFIGURATION = "aws:ec2/launchConfiguration:LaunchConfiguration"

EKS_CLUSTER = "aws:eks/cluster:Cluster"
NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
SCALING_GROUP = "aws:autoscaling/group:Group"
SCHEDULE = "aws:autoscaling/schedule:Schedule"
SCALING_POLICY = "aws:autoscaling/policy:Policy"
GROUP_TAG = "aws:autoscaling/tag:Tag"

SUBNET_GROUP = "aws:rds/subnetGroup:SubnetGroup"
DATABASE_CLUSTER = "aws:rds/cluster:Cluster"
DATABASE_CLUSTER_INSTANCE = "aws:rds/clusterInstance:ClusterInstance"
DATABASE_INSTANCE = "aws:rds/instance:Instance"

# pulumi-aws has three names for one load balancer: a look-alike under another name is judged the same
LOAD_BALANCERS = tuple(
    f"aws:{module}/loadBalancer:LoadBalancer" for module in ("lb", "alb", "elasticloadbalancingv2", "applicationloadbalancing")
)
LISTENERS = tuple(f"aws:{module}/listener:Listener" for module in ("lb", "alb", "elasticloadbalancingv2", "applicationloadbalancing"))
TARGET_GROUPS = tuple(
    f"aws:{module}/targetGroup:TargetGroup" for module in ("lb", "alb", "elasticloadbalancingv2", "applicationloadbalancing")
)
CLASSIC_LOAD_BALANCERS = ("aws:elb/loadBalancer:LoadBalancer", "aws:elasticloadbalancing/loadBalancer:LoadBalancer")
DISTRIBUTION = "aws:cloudfront/distribution:Distribution"

CERTIFICATE = "aws:acm/certificate:Certificate"
CERTIFICATE_VALIDATION = "aws:acm/certificateValidation:CertificateValidation"
ZONE = "aws:route53/zone:Zone"
RECORD = "aws:route53/record:Record"

RELEASE = "kubernetes:helm.sh/v3:Release"
SERVICE = "kubernetes:core/v1:Service"
NAMESPACE = "kubernetes:core/v1:Namespace"
INGRESS = "kubernetes:networking.k8s.io/v1:Ingress"
GATEWAYS = tuple(f"kubernetes:gateway.networking.k8s.io/{version}:Gateway" for version in ("v1", "v1beta1"))
SECRET = "kubernetes:core/v1:Secret"  # noqa: S105 - a type token
SERVICE_ACCOUNT = "kubernetes:core/v1:ServiceAccount"
CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"
CRON_JOB = "kubernetes:batch/v1:CronJob"

ROLE = "aws:iam/role:Role"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
POLICY = "aws:iam/policy:Policy"
ROLE_ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
# Whatever gives a role, a user, a group or a permission set what a policy allows
POLICY_CARRIERS = (
    ROLE,
    ROLE_POLICY,
    POLICY,
    ROLE_ATTACHMENT,
    "aws:iam/policyAttachment:PolicyAttachment",
    "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive",
    "aws:iam/userPolicy:UserPolicy",
    "aws:iam/userPolicyAttachment:UserPolicyAttachment",
    "aws:iam/userPolicyAttachmentsExclusive:UserPolicyAttachmentsExclusive",
    "aws:iam/groupPolicy:GroupPolicy",
    "aws:iam/groupPolicyAttachment:GroupPolicyAttachment",
    "aws:iam/groupPolicyAttachmentsExclusive:GroupPolicyAttachmentsExclusive",
    "aws:ssoadmin/permissionSetInlinePolicy:PermissionSetInlinePolicy",
    "aws:ssoadmin/managedPolicyAttachment:ManagedPolicyAttachment",
)
ACCESS_ENTRY = "aws:eks/accessEntry:AccessEntry"
ACCESS_POLICY = "aws:eks/accessPolicyAssociation:AccessPolicyAssociation"
ADD_ON = "aws:eks/addon:Addon"

NETWORK_POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"
KUBERNETES_ROLES = ("kubernetes:rbac.authorization.k8s.io/v1:Role", "kubernetes:rbac.authorization.k8s.io/v1:ClusterRole")
ROLE_BINDINGS = ("kubernetes:rbac.authorization.k8s.io/v1:RoleBinding", "kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding")

CODERD_PACKAGE = "coderd:"
TEMPLATES = "coder-eks:templates:Templates"
TEMPLATE = "coderd:index/template:Template"
ORGANIZATION = "coderd:index/organization:Organization"
GROUP_SYNC = "coderd:index/organizationGroupSync:OrganizationGroupSync"
PROVISIONER_KEY = "coderd:index/provisionerKey:ProvisionerKey"


def kubernetes_kind(token: str) -> tuple[str, str] | None:
    """The API version and kind of a Kubernetes type token; none for any other.

    >>> kubernetes_kind("kubernetes:autoscaling/v2:HorizontalPodAutoscaler")
    ('autoscaling/v2', 'HorizontalPodAutoscaler')
    """
    package, _, rest = token.partition(":")
    version, _, kind = rest.rpartition(":")
    return (version, kind) if package == "kubernetes" and kind else None
